#!/bin/sh
# Makes what compose.yaml needs beside it: secrets/ and config.yaml. What is there already is left as it is.
set -eu
cd "$(dirname "$0")"

# The folder is closed to others; the files are readable, because the containers' users are not this one.
mkdir -p secrets
chmod 700 secrets

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "secrets/$1" ] || { cat > "secrets/$1" && chmod 644 "secrets/$1"; }; }

# Put the keys of CloudStack in here; they stay empty with the simulator.
printf '' | keep cloudstack_api_key
printf '' | keep cloudstack_secret_key
random | keep valkey_password
random | keep grafana_password
printf 'redis://:%s@valkey:6379' "$(cat secrets/valkey_password)" | keep redis_url

if [ ! -e config.yaml ]; then
  token="$(random)"
  hash="$(printf %s "$token" | sha256sum | cut -d' ' -f1)"
  sed "s/0\{64\}/$hash/" ../config.example.yaml > config.yaml
  chmod 644 config.yaml
  echo "Your token, which is kept nowhere else: $token"
fi
