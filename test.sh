#!/usr/bin/env bash
# Runs every test on every engine, with the race detector but for the rules of games: the README's test command, and all
# that CI does.
#
#   ./test.sh                        everything
#   ./test.sh -run Feed ./store/...  what go test is to get instead of ./...
#
# It needs MariaDB, a C compiler (for the race detector), Redis, Node, Chromium, Firefox and some small tools. What is
# missing is installed with apt when this runs as root or sudo asks no password; otherwise it says what is missing. The
# tests start servers of their own, in temporary directories and on free ports of 127.0.0.1, and touch none that runs
# already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

step() { printf '== %s (%d s)\n' "$*" "$SECONDS"; }

fail() {
	printf 'test.sh: %s\n' "$*" >&2
	exit 1
}

# ---- what the machine lacks ----

# have also looks where servers are that are not in an ordinary user's path.
have() { PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/mysql/bin" command -v "$1" >/dev/null; }

can_compile_c() { printf '#include <stdlib.h>\n' | "${CC:-gcc}" -E - >/dev/null 2>&1; }

lacking() {
	packages=() things=()
	have mariadbd && have mariadb-install-db || {
		packages+=(mariadb-server-core mariadb-client-core) # the programs alone; the full package starts a service
		things+=("MariaDB 10.6 or newer (mariadbd, mariadb-install-db)")
	}
	can_compile_c || {
		packages+=(gcc libc6-dev)
		things+=("a C compiler with its headers (gcc, libc6-dev)")
	}
	have redis-server || {
		packages+=(redis-server)
		things+=("Redis (redis-server)")
	}
	have node && have npm || {
		packages+=(nodejs npm)
		things+=("Node with npm (an independent reader of Web Push)")
	}
	have curl && have jq && have openssl && have git || {
		packages+=(curl jq openssl git)
		things+=("curl, jq, openssl and git (what the docs tell a reader to type is typed)")
	}
	[[ ! -e /etc/debian_version ]] || have systemd-analyze || {
		packages+=(systemd)
		things+=("systemd-analyze (the unit in deploy/ is checked)")
	}
	have chromium || {
		packages+=(chromium)
		things+=("Chromium (browsers are clients too)")
	}
	have firefox-esr || have firefox || {
		packages+=(firefox-esr)
		things+=("Firefox (it subscribes to pushes for real)")
	}
	have mvn && have javac || {
		packages+=(maven default-jdk-headless)
		things+=("Maven with a JDK of 17 or newer (the Kotlin client is built and played with)")
	}
	have mcs && have mono && compgen -G '/usr/lib/cli/Newtonsoft.Json-*' >/dev/null || {
		packages+=(mono-mcs mono-runtime libmono-system-net-http4.0-cil libnewtonsoft-json5.0-cil)
		things+=("Mono with Newtonsoft.Json (the C# client in the docs is played with)")
	}
	# Without them go cannot download modules. Other systems keep them elsewhere, and always have them.
	[[ ! -e /etc/debian_version || -s /etc/ssl/certs/ca-certificates.crt || -n ${SSL_CERT_FILE:-}${SSL_CERT_DIR:-} ]] || {
		packages+=(ca-certificates)
		things+=("the certificates of authorities (ca-certificates)")
	}
	[[ ${#things[@]} -gt 0 ]]
}

# install adds packages, and only adds: nothing is removed, nothing upgraded on the way, no service is started.
install() {
	local root=() log=$1
	shift
	[[ $EUID = 0 ]] || root=(sudo -n)
	local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o DPkg::Lock::Timeout=300)
	# Packages ask this file whether they may start their services. A machine that has one keeps its own.
	local policy=/usr/sbin/policy-rc.d ours=
	if [[ ! -e $policy ]]; then
		ours=yes
		trap '"${root[@]}" rm -f '"$policy"'; exit 1' INT TERM HUP
		printf '#!/bin/sh\n# Left by test.sh of Yourturn if it was killed; remove it.\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
		"${root[@]}" chmod +x "$policy"
	fi
	local code=0
	{
		"${apt[@]}" update || true # a mirror that we do not need may be down
		"${apt[@]}" install --no-remove --no-upgrade --no-install-recommends "$@" || code=$?
	} >"$log" 2>&1
	if [[ -n $ours ]]; then
		"${root[@]}" rm -f "$policy"
		trap - INT TERM HUP
	fi
	# Nor after the next boot, for whoever has wanted no more than to run the tests.
	if [[ " $* " = *" redis-server "* ]] && command -v systemctl >/dev/null; then
		"${root[@]}" systemctl disable redis-server >>"$log" 2>&1 || true
	fi
	return "$code"
}

command -v go >/dev/null || fail "go is missing: install the version that go.mod names, https://go.dev/dl"

if lacking; then
	list=$(printf '\n  - %s' "${things[@]}")
	command -v apt-get >/dev/null || fail "missing here, and there is no apt to install them:$list"
	by_hand="apt-get install --no-install-recommends ${packages[*]}"
	[[ $EUID = 0 ]] || sudo -n true 2>/dev/null || fail "missing here:$list
Install them with:
  sudo $by_hand"
	step "installing ${packages[*]}"
	log=$(mktemp)
	install "$log" "${packages[@]}" || {
		tail -n 20 "$log" >&2
		fail "apt could not install them; missing here:$list
The command was:
  $by_hand"
	}
	rm -f "$log"
	! lacking || fail "installed, and still missing:$(printf '\n  - %s' "${things[@]}")"
fi

if [[ -z ${YOURTURN_TEST_MYSQL_DIR:-} ]]; then
	step "MySQL"
	if dir=$(scripts/mysql-server); then
		export YOURTURN_TEST_MYSQL_DIR=$dir
	else
		echo "The tests run without MySQL, unless this machine has a server of 8.4 or newer."
	fi
fi

# ---- checks ----

checks=()

step "go vet"
go vet ./... || checks+=("go vet")

step "gofmt"
unformatted=$(gofmt -l .) || checks+=("gofmt")
if [[ -n $unformatted ]]; then
	printf 'not formatted (gofmt -w):\n%s\n' "$unformatted"
	checks+=("gofmt")
fi

step "golangci-lint"
lint=(scripts/lint)
[[ ${CI:-} = true ]] || lint+=(--if-built) # building it takes minutes
code=0
"${lint[@]}" || code=$?
case $code in
0 | 3) ;; # 3: it is not here, and has said why
*) checks+=("golangci-lint") ;;
esac

# ---- tests ----

# Rules are pure functions that start no goroutines: the race detector would find nothing there, and makes thousands of
# random games eight times as slow.
step "go test"
code=0
if [[ $# -gt 0 ]]; then
	CGO_ENABLED=1 go test -race -timeout 40m "$@" || code=$?
else
	go list ./... | grep -v '^yourturn/games\($\|/\)' | CGO_ENABLED=1 xargs go test -race -timeout 40m || code=$?
	step "go test ./games/..., without the race detector"
	go test -timeout 40m ./games/... || code=$?
fi

step "done"
if [[ ${#checks[@]} -gt 0 ]]; then
	echo "failed before the tests: ${checks[*]}"
	[[ $code != 0 ]] || code=1
fi
exit "$code"
