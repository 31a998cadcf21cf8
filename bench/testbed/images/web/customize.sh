#!/bin/sh
# usage: customize.sh ROOT     A certificate of the bank's own.
set -eu
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=bank \
	-keyout "$1/srv/bank/key.pem" -out "$1/srv/bank/certificate.pem"
chmod 755 "$1/srv/bank/serve"
chroot "$1" python3 -m compileall -q /usr/lib/python3 /usr/lib/python3.[0-9]* /srv/bank >/dev/null || :
