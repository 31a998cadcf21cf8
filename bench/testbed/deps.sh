#!/bin/sh
# Install the packages of packages.debian that are missing, and start no service by it.
# usage: deps.sh [--check]     --check only names what is missing (exit 3 if something is)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
policy=/usr/sbin/policy-rc.d
mark='# made by migmeter while it installs packages'

installed() {
	test "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii '
}

# policy-rc.d is asked before any service is started. Ours says no while its maker lives, and once the
# maker is dead (kill -9 included) says yes and takes itself away.
forbid_services() {
	if [ -e "$policy" ] && ! grep -qF "$mark" "$policy"; then
		echo "deps: keeping the machine's own $policy" >&2
		return
	fi
	cat >"$policy.migmeter" <<END
#!/bin/sh
$mark
kill -0 $$ 2>/dev/null && exit 101
rm -f $policy
exit 0
END
	chmod 755 "$policy.migmeter"
	mv "$policy.migmeter" "$policy"
	trap 'rm -f "$policy"' EXIT
	trap 'exit 130' INT TERM HUP
}

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	missing=
	for tool in cc make pkg-config qemu-system-x86_64 virsh tgtd ip tc gnuplot prove; do
		command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
	done
	for lib in libvirt libvirt-qemu libpcap inih json-c libarchive gsl cmocka sqlite3; do
		pkg-config --exists "$lib" 2>/dev/null || missing="$missing lib:$lib"
	done
	[ -z "$missing" ] && exit 0
	echo "deps: this distribution has no apt; install what provides:$missing" >&2
	echo "deps: (Debian's names, with what each is for, are in bench/testbed/packages.debian)" >&2
	exit 3
fi

missing=
while read -r name purpose; do
	case "$name" in ''|'#'*) continue ;; esac
	if ! installed "$name"; then
		missing="$missing $name"
		echo "deps: missing $name ($purpose)"
	fi
done <"$here/packages.debian"

[ -n "$missing" ] || exit 0
[ "${1:-}" != --check ] || exit 3
if [ "$(id -u)" != 0 ]; then
	echo "deps: installing needs root; run: apt-get install$missing" >&2
	exit 3
fi
forbid_services
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
if ! apt-get install -y -q --no-install-recommends $missing >/tmp/migmeter-deps.$$ 2>&1; then
	apt-get update -q >/tmp/migmeter-deps.$$ 2>&1 &&
	apt-get install -y -q --no-install-recommends $missing >/tmp/migmeter-deps.$$ 2>&1 || {
		tail -n 20 /tmp/migmeter-deps.$$ >&2
		echo "deps: apt-get could not install:$missing (whole log: /tmp/migmeter-deps.$$)" >&2
		exit 3
	}
fi
rm -f /tmp/migmeter-deps.$$
echo "deps: installed$missing"
