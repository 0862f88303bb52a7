#!/bin/sh
# Makes the passwords that compose.yaml needs, once, in deploy/secrets/. It changes none that is there.
#
# The folder can be entered by its owner alone. The files in it can be read by all, because in a container they are read
# by users of other numbers, who see the file and not the folder.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

password() { od -An -N 24 -t x1 /dev/urandom | tr -d ' \n'; }

for name in root migrate serve; do
	[ -e "mariadb-$name" ] || password >"mariadb-$name"
done
[ -e database-migrate ] || printf 'mysql://yourturn_migrate:%s@mariadb:3306/yourturn' "$(cat mariadb-migrate)" >database-migrate
[ -e database-serve ] || printf 'mysql://yourturn:%s@mariadb:3306/yourturn' "$(cat mariadb-serve)" >database-serve
chmod 444 mariadb-* database-*
