#!/bin/sh
# Writes .env with fresh secrets for docker-compose.yml. It never overwrites one.
set -eu
umask 077
cd "$(dirname "$0")/.."
if [ -e .env ]; then
  echo ".env is there already: nothing was written." >&2
  exit 1
fi

secret() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

cat > .env <<END
SECRET=$(secret)
POSTGRES_PASSWORD=$(secret)
REDIS_PASSWORD=$(secret)
TURN_SECRET=$(secret)
GRAFANA_PASSWORD=$(secret)
# Where people reach the page; browsers allow camera and microphone only on localhost and over https.
PUBLIC_URL=http://localhost:8080
END
echo "Secrets are in .env, which only you can read. Keep a copy: without SECRET nobody stays signed in."
