#!/bin/sh
# Writes secrets/ and config.yaml, which compose.yaml needs. Existing files stay as they are.
set -eu
cd "$(dirname "$0")"

# Only you can enter the folder. The files are readable, because the containers run as other users.
mkdir -p secrets
chmod 700 secrets

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
write_once() { [ -e "secrets/$1" ] || { cat > "secrets/$1" && chmod 644 "secrets/$1"; }; }

# Put CloudStack's keys into these two files. With the simulator they stay empty.
printf '' | write_once cloudstack_api_key
printf '' | write_once cloudstack_secret_key
random | write_once valkey_password
random | write_once grafana_password
printf 'redis://:%s@valkey:6379' "$(cat secrets/valkey_password)" | write_once redis_url

if [ ! -e config.yaml ]; then
  token="$(random)"
  hash="$(printf %s "$token" | sha256sum | cut -d' ' -f1)"
  sed "s/0\{64\}/$hash/" ../config.example.yaml > config.yaml
  chmod 644 config.yaml
  echo "Your token, shown only once: $token"
fi
