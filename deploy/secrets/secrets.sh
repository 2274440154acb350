#!/bin/bash
# Makes what `make production` keeps secret, each into the volume of the one that needs it. What is there stays: a second run
# changes nothing but a certificate that ends within a month. For a service of your own these come from your CA, your identity
# provider and your secret store.
set -euo pipefail
umask 022

# base64 of bytes, as JSON Web Keys have it.
base64url() { base64 -w0 | tr '+/' '-_' | tr -d '='; }

# A CA of this machine alone, and a certificate that it signed. The CA's key is not kept.
tls=/secrets/tls
if ! openssl x509 -noout -checkend 2592000 -in $tls/certificate.pem >/dev/null 2>&1; then
  work=$(mktemp -d)
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj '/CN=SSE Scaling Lab, local CA' \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' \
    -keyout "$work/key.pem" -out "$work/request.pem" 2>/dev/null
  names="DNS:localhost,DNS:*.localhost,DNS:nginx,IP:127.0.0.1${TLS_NAMES:+,DNS:${TLS_NAMES//,/,DNS:}}"
  printf '%s\n' "subjectAltName=$names" 'extendedKeyUsage=serverAuth' >"$work/names"
  openssl x509 -req -in "$work/request.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 365 -extfile "$work/names" \
    -out "$work/certificate.pem" 2>/dev/null
  cp "$work/ca.pem" "$work/certificate.pem" $tls/
  install -m 640 -g 10001 "$work/key.pem" $tls/key.pem
  rm -rf "$work"
fi

# The key that `make token` signs with, and its public half, which is all that the server knows.
if [ ! -s /secrets/jwks/jwks.json ]; then
  private=/secrets/issuer/private.pem
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $private 2>/dev/null
  chown 10001 $private && chmod 600 $private
  # The DER form ends with the point's two coordinates of 32 bytes each.
  point=$(mktemp)
  openssl pkey -in $private -pubout -outform DER | tail -c 64 >"$point"
  x=$(head -c 32 "$point" | base64url)
  y=$(tail -c 32 "$point" | base64url)
  kid=$(openssl dgst -sha256 -binary "$point" | head -c 8 | base64url)
  rm "$point"
  printf '%s' "$kid" >/secrets/issuer/kid
  printf '{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"%s","x":"%s","y":"%s"}]}\n' "$kid" "$x" "$y" \
    >/secrets/jwks/jwks.json
fi

# Redis knows the server by a password, and a check of its health that may do nothing else. Nobody else is anybody.
if [ ! -s /secrets/redis-client/password ]; then
  printf '%s' "$(openssl rand -hex 32)" >/secrets/redis-client/password
  chmod 440 /secrets/redis-client/password && chgrp 10001 /secrets/redis-client/password
fi
# The users of an earlier version are replaced; Redis knows the new ones from its next start on.
hash=$(sha256sum </secrets/redis-client/password | cut -d' ' -f1)
users=$(sed "s/PASSWORD_SHA256/$hash/" /secrets.d/users.acl)
if grep -qvxFf /secrets/redis/users.acl <<<"$users" 2>/dev/null || [ ! -s /secrets/redis/users.acl ]; then
  printf '%s\n' "$users" >/secrets/redis/users.acl
fi
