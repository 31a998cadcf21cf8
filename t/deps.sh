#!/bin/sh
# deps.sh where there is no apt: it names what is missing, and says nothing when all is there.
. t/lib.sh

# A PATH with everything this machine has, but without apt and dpkg.
mkdir "$work/bin"
for folder in /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
	for program in "$folder"/*; do
		case "$program" in
		*/apt*|*/dpkg*) ;;
		*) [ -e "$work/bin/${program##*/}" ] || ln -s "$program" "$work/bin/" ;;
		esac
	done
done

deps() {
	PATH=$work/bin sh bench/testbed/deps.sh 2>&1
	echo "status $?"
}

is 'all is there: nothing is said' "$(deps)" 'status 0'
rm -f "$work/bin/virsh" "$work/bin/gnuplot"
said=$(deps)
like 'two programs are not: exit status' "$said" '^status 3$'
like 'two programs are not: they are named' "$said" 'install what provides: virsh gnuplot$'
rm -f "$work/bin/pkg-config"
like 'no pkg-config: libraries are named' "$(deps)" 'pkg-config .*lib:libvirt lib:libvirt-qemu'
done_testing
