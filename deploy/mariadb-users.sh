# MariaDB's image reads this when it makes its database for the first time, and offers docker_process_sql. The users are
# those of docs/mysql.md: one changes the schema, the other serves and may not. This file is sourced, not run: leave it
# without the right to be executed.

docker_process_sql <<-SQL
	CREATE DATABASE yourturn CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
	CREATE USER 'yourturn_migrate'@'%' IDENTIFIED BY '$(cat /run/secrets/mariadb-migrate)';
	GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP ON yourturn.* TO 'yourturn_migrate'@'%';
	CREATE USER 'yourturn'@'%' IDENTIFIED BY '$(cat /run/secrets/mariadb-serve)';
	GRANT SELECT, INSERT, UPDATE, DELETE ON yourturn.* TO 'yourturn'@'%';
SQL
