#!/bin/sh
# usage: customize.sh ROOT     The kernel's sources in usr/src/linux, without what no build for x86 reads.
set -eu
cd "$1/usr/src"
tar -xf linux-source-*.tar.xz
rm -f linux-source-*.tar.xz linux-patch-*
mv linux-source-* linux
cd linux
for arch in arch/*; do
	[ "$arch" = arch/x86 ] || [ ! -d "$arch" ] || rm -r "$arch"
done
rm -r LICENSES samples/bpf tools/testing tools/perf
# make allnoconfig reads every Kconfig, and make every Makefile; no more of these.
for folder in Documentation sound drivers/gpu drivers/media drivers/net drivers/scsi drivers/staging \
	drivers/infiniband drivers/usb drivers/iio drivers/crypto drivers/soc drivers/clk drivers/pinctrl; do
	find $folder -type f ! -name 'Kconfig*' ! -name 'Makefile*' ! -name Kbuild -delete
done
