#!/bin/sh
# Make the disk of a guest that runs programs of Debian's: an ext4 file system on the whole of it. Needs root and apt.
# usage: image.sh NAME FILE
#
# NAME is a folder of images/ beside this script, the recipe:
#	packages       one a line, and what it is for; what they depend on comes by itself
#	files/         copied over the system (may be absent)
#	customize.sh   run as `sh customize.sh ROOT` at the end (may be absent)
# Packages come from where this machine's apt has Debian's, checked with Debian's keys. FILE is sparse, of the size that
# disk_image.h says, complete or not there; one that is there and not older than its recipe is left alone.
set -eu

[ $# = 2 ] || { echo "usage: image.sh NAME FILE" >&2; exit 2; }
name=$1
file=$2
here=$(cd "$(dirname "$0")" && pwd)
recipe=$here/images/$name
PATH=$PATH:/usr/sbin:/sbin

cannot() {
	echo "image: $*" >&2
	exit 3
}

[ -r "$recipe/packages" ] || cannot "there is no recipe '$recipe/packages'"
if [ -s "$file" ] && [ -z "$(find "$recipe" "$here/image.sh" -newer "$file" ! -type d)" ]; then
	exit 0
fi
[ "$(id -u)" = 0 ] || cannot "making '$file' needs root"
for tool in apt-get mmdebstrap mke2fs; do
	command -v $tool >/dev/null || cannot "$tool is missing; run make deps (needs Debian's apt, mmdebstrap, e2fsprogs)"
done
mib=$(sed -n 's/.*GUEST_DISK_MIB = \([0-9]*\).*/\1/p' "$here/disk_image.h")
: "${mib:?}"

mkdir -p "$(dirname "$file")"
work=$(mktemp -d "$file.new.XXXXXX")
work=$(cd "$work" && pwd)
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM HUP
chmod 755 "$work"

# The lines of a sources.list, whatever form this machine's have.
sources() {
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	signed=
	[ ! -r "$keys" ] || signed="[signed-by=$keys] "
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		sed -n "s|^Debian |deb $signed|p" | sort -u
}

sources >"$work/sources.list"
if [ ! -s "$work/sources.list" ]; then
	echo "image: refreshing the package lists (apt-get update)"
	apt-get update -q >"$work/log" 2>&1 || :
	sources >"$work/sources.list"
	[ -s "$work/sources.list" ] || cannot "apt has no Debian packages here"
fi
apt-config dump | grep '^Acquire::' >"$work/apt.conf" || : # proxies and the like
packages=$(sed -n 's/^\([^# \t][^ \t]*\).*/\1/p' "$recipe/packages" | paste -sd,)

echo "image: $name: installing into a folder (a few minutes)"
SOURCE_DATE_EPOCH=0 mmdebstrap --mode=root --variant=essential --format=directory --include="$packages" \
	--aptopt="$work/apt.conf" --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' '' "$work/root" - <"$work/sources.list" >"$work/log" 2>&1 || {
	tail -n 20 "$work/log" >&2
	cannot "mmdebstrap could not install: $packages"
}
[ ! -d "$recipe/files" ] || cp -r "$recipe/files/." "$work/root/"
if [ -r "$recipe/customize.sh" ]; then
	sh "$recipe/customize.sh" "$work/root" >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		cannot "the recipe's last step failed: $recipe/customize.sh"
	}
fi
# Without a journal and the last reserves: each run has a fresh copy.
mke2fs -q -t ext4 -O '^has_journal,^resize_inode' -E root_owner=0:0,lazy_itable_init=0 -m 0 -N 150000 -L "$name" \
	-d "$work/root" "$work/disk" "${mib}M" >"$work/log" 2>&1 || {
	tail -n 20 "$work/log" >&2
	cannot "the file system for '$name' could not be made"
}
mv "$work/disk" "$file"
echo "image: $name: $(du -m "$file" | cut -f1) MiB in $file"
