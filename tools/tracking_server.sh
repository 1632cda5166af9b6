#!/usr/bin/env bash
# A tracking server for a team: tools/tracking_server.sh FOLDER [PORT]; Ctrl-C stops it.
# PostgreSQL (Debian's package) keeps runs, models and verdicts in FOLDER/db. The server keeps the files in
# FOLDER/artifacts and hands them out over HTTP. So whoever scores needs only MLFLOW_TRACKING_URI=http://HOST:PORT.
# Needs: apt-get install postgresql; pip install 'psycopg[binary]' beside occurisk. docs/reviewing.md has the rest.
set -euo pipefail

folder=$(realpath -m "${1:?usage: tools/tracking_server.sh FOLDER [PORT]}")
port=${2:-5000}
python=${PYTHON:-python}
binaries=$(pg_config --bindir 2>/dev/null || ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
mkdir -p "$folder/artifacts"

# PostgreSQL does not run as root: then its own user has the database.
owner=$(id -un)
as_owner() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    as_owner() { runuser -u postgres -- "$@"; }
fi
if [ ! -e "$folder/db/PG_VERSION" ]; then
    install -d -m 700 -o "$owner" "$folder/db"
    # Nobody logs in by a password: the socket lies in a folder that nobody else can enter.
    as_owner "$binaries/initdb" -D "$folder/db" --auth=trust --encoding=UTF8 --username=mlflow >/dev/null
fi
as_owner "$binaries/pg_ctl" -D "$folder/db" -w -l "$folder/db/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$folder/db'" start >/dev/null
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait || true
    as_owner "$binaries/pg_ctl" -D "$folder/db" -m fast stop >/dev/null
}
trap stop EXIT
trap 'exit 0' INT TERM
"$binaries/createdb" -h "$folder/db" -U mlflow mlflow 2>/dev/null || true  # it is there already

export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_DISABLE_TELEMETRY=true
unset MLFLOW_TRACKING_URI
"$python" -m mlflow server --host "${HOST:-127.0.0.1}" --port "$port" --workers 1 \
    --backend-store-uri "postgresql://mlflow@/mlflow?host=$folder/db" \
    --artifacts-destination "$folder/artifacts" &
server=$!
wait "$server"
