#!/bin/sh
# Starts nginx. BROKEN_TIMEOUT shortens the time after which the broken side closes a silent stream, for whoever shows it
# to a class. Without it that is nginx's own 60 s, which is what people meet.
set -eu

if [ -n "${BROKEN_TIMEOUT:-}" ] && [ "$BROKEN_TIMEOUT" != 60s ]; then
  printf 'proxy_read_timeout %s;\n' "$BROKEN_TIMEOUT" >/tmp/broken-timeout.conf
else
  rm -f /tmp/broken-timeout.conf
fi

# -e: until nginx has read its configuration it logs to a file of the image, which only root may open.
exec nginx -e stderr -c /lab/nginx.conf -g 'daemon off;'
