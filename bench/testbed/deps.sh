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
	ours=$policy
}

# Services that the next start of the machine would start.
enabled_services() {
	(cd /etc && ls -d rc2.d/S* systemd/system/*.wants/* 2>/dev/null) | sed 's|.*/||; s/^S[0-9][0-9]//; s/\.service$//' |
		sort -u
}

# A package enables its service: take that back for those that were not enabled before.
disable_services_but() {
	enabled_services | grep -vxF "$1" | while read -r name; do
		update-rc.d "$name" disable >/dev/null 2>&1 || systemctl disable "$name" >/dev/null 2>&1 ||
			echo "deps: could not disable the service '$name'" >&2
	done
}

# can_link LIBRARY HEADER [FLAG]: for what pkg-config does not know
can_link() {
	printf '#include <%s>\nint main(void) { return 0; }\n' "$2" |
		cc -x c - ${3:+"$3"} -l"$1" -o /dev/null >/dev/null 2>&1
}

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	missing=
	for tool in cc make pkg-config qemu-system-x86_64 virsh tgtd ip tc depmod ovs-vswitchd ovs-ofctl osken-manager gnuplot \
		prove groff xmllint; do
		command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
	done
	command -v libvirtd >/dev/null 2>&1 || command -v virtqemud >/dev/null 2>&1 ||
		missing="$missing libvirtd-or-virtqemud"
	for lib in libvirt libvirt-qemu libpcap inih json-c libarchive libcurl gsl cmocka sqlite3 libzstd libxxhash; do
		pkg-config --exists "$lib" 2>/dev/null || missing="$missing lib:$lib"
	done
	can_link csv csv.h || missing="$missing lib:libcsv"
	can_link m math.h -static || missing="$missing lib:static-libc"
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
log=$(mktemp)
services=$(enabled_services)
ours=
finish() {
	disable_services_but "$services"
	[ -z "$ours" ] || rm -f "$ours"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
forbid_services
export DEBIAN_FRONTEND=noninteractive
echo "deps: installing them (the first time this takes a few minutes)"
install() {
	# shellcheck disable=SC2086
	apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >"$log" 2>&1
}
# Package lists that are there may be old: refreshed when something is not found.
if ! install && ! { apt-get update -q >"$log" 2>&1 && install; }; then
	tail -n 20 "$log" >&2
	echo "deps: apt-get could not install:$missing (whole log: $log)" >&2
	exit 3
fi
rm -f "$log"
echo "deps: installed$missing"
