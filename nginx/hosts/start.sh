#!/bin/sh
# Starts nginx in front of SERVERS servers, named server-1, server-2 and so on. HOT_SCOPES: scopes that one server cannot hold, with
# spaces, as they stand in an address.
set -eu

number=1
{
  # A server has 160 places on the ring, which come from its name: with another server more or less, only its share moves. It must have a
  # name of its own. The addresses that one name has would be one server for the ring, and in turn each of them.
  # shellcheck disable=SC2016 # nginx fills it in, not the shell.
  echo 'hash $place consistent;'
  while [ "$number" -le "${SERVERS:-3}" ]; do
    echo "server server-$number:3000 resolve max_fails=0;"
    number=$((number + 1))
  done
} >/tmp/servers.conf

set -f
for scope in ${HOT_SCOPES:-}; do
  case "$scope" in
    *[!A-Za-z0-9._~:@%-]*)
      echo "HOT_SCOPES: $scope must be as it stands in an address: letters, digits and . _ ~ : @ - %" >&2
      exit 1 ;;
  esac
  echo "\"$scope\" '';"
done >/tmp/hot-scopes.conf

# -e: until nginx has read its configuration it logs to a file of the image, which only root may open.
exec nginx -e stderr -c /lab/nginx.conf -g 'daemon off;'
