#!/bin/sh
# Fetch Debian's cloud kernel for the guests and unpack it; nothing is installed into this machine.
# usage: kernel.sh DIR
#
# DIR gets, complete or not at all: vmlinuz, config, version (one line), modules/ (what is in lib/modules/VERSION,
# with modules.dep). A DIR that has them is left alone. Without apt, MIGMETER_KERNEL_DEB names a package file.
set -eu

[ $# = 1 ] || { echo "usage: kernel.sh DIR" >&2; exit 2; }
dir=${1%/}
meta=linux-image-cloud-amd64

if [ -s "$dir/vmlinuz" ] && [ -s "$dir/version" ] && [ -s "$dir/modules/modules.dep" ]; then
	exit 0
fi

cannot() {
	echo "kernel: $*" >&2
	exit 3
}

for tool in dpkg-deb depmod; do
	command -v $tool >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null ||
		cannot "$tool is missing; install the package that has it (Debian: dpkg, kmod)"
done
PATH=$PATH:/usr/sbin:/sbin

mkdir -p "$(dirname "$dir")"
work=$(mktemp -d "$dir.new.XXXXXX")
work=$(cd "$work" && pwd)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
chmod 755 "$work"

# The metapackage depends on the package that holds today's kernel.
kernel_package() {
	apt-cache depends "$meta" 2>/dev/null |
		sed -n 's/^ *Depends: *\(linux-image-[0-9].*cloud-amd64\(-unsigned\)\{0,1\}\)$/\1/p' | head -n 1
}

# Into $work/deb; the log is shown only when it fails.
download() {
	package=$(kernel_package)
	[ -n "$package" ] || return 1
	echo "kernel: fetching $package for the guests"
	(cd "$work" && mkdir -p deb && cd deb && apt-get download -q "$package") >"$work/log" 2>&1
}

if [ -n "${MIGMETER_KERNEL_DEB:-}" ]; then
	[ -r "$MIGMETER_KERNEL_DEB" ] || cannot "MIGMETER_KERNEL_DEB: cannot read '$MIGMETER_KERNEL_DEB'"
	deb=$MIGMETER_KERNEL_DEB
	echo "kernel: using $deb for the guests"
elif command -v apt-get >/dev/null && command -v apt-cache >/dev/null; then
	if ! download; then
		echo "kernel: refreshing the package lists (apt-get update)"
		apt-get update -q >"$work/log" 2>&1 || :
		download || {
			[ ! -s "$work/log" ] || tail -n 5 "$work/log" >&2
			cannot "could not fetch $meta; fetch a linux-image-*-cloud-amd64 package yourself and set" \
				"MIGMETER_KERNEL_DEB=FILE"
		}
	fi
	deb=$(ls "$work"/deb/*.deb)
else
	cannot "no apt here; fetch a linux-image-*-cloud-amd64 package of Debian and set MIGMETER_KERNEL_DEB=FILE"
fi

dpkg-deb -x "$deb" "$work/tree" || cannot "'$deb' is not a Debian package that can be unpacked"
# A merged /usr layout keeps modules below usr/lib.
[ -d "$work/tree/lib/modules" ] || [ ! -d "$work/tree/usr/lib/modules" ] || ln -s usr/lib "$work/tree/lib"
version=$(ls "$work/tree/lib/modules" 2>/dev/null) || version=
[ -n "$version" ] && [ -s "$work/tree/boot/vmlinuz-$version" ] ||
	cannot "'$deb' holds no kernel; it must be a linux-image-VERSION package, not the metapackage"
depmod -b "$work/tree" "$version"

mkdir "$work/out"
mv "$work/tree/boot/vmlinuz-$version" "$work/out/vmlinuz"
mv "$work/tree/boot/config-$version" "$work/out/config"
mv "$work/tree/lib/modules/$version" "$work/out/modules"
echo "$version" >"$work/out/version"
rm -f "$work/out/modules/build" "$work/out/modules/source"

# What is there is incomplete (see the top); a run that came first with the same is fine too.
rm -rf "$dir"
mv "$work/out" "$dir"
echo "kernel: $version is ready in $dir"
