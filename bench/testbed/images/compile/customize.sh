#!/bin/sh
# usage: customize.sh ROOT
# usr/src/linux: the kernel's sources, without what no build for x86 reads. usr/src/prepared: a build of them that is configured
# and has its tools, for guests that are slow.
set -eu
cd "$1/usr/src"
tar -xf linux-source-*.tar.xz
rm -f linux-source-*.tar.xz linux-patch-*
mv linux-source-* linux
cd linux
rm -r LICENSES samples/bpf tools/testing tools/perf
# make reads every Kconfig and Makefile; no more of these.
for folder in Documentation sound drivers/gpu drivers/media drivers/net drivers/scsi drivers/staging drivers/infiniband \
	drivers/usb drivers/iio drivers/crypto drivers/soc drivers/clk drivers/pinctrl arch/*; do
	[ "$folder" = arch/x86 ] || find "$folder" -type f ! -name 'Kconfig*' ! -name 'Makefile*' ! -name Kbuild -delete
done
chroot "$1" make -C /usr/src/linux O=/usr/src/prepared allnoconfig
chroot "$1" make -C /usr/src/linux O=/usr/src/prepared prepare
