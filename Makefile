# migmeter - measures what live migration of virtual machines costs the work inside them and beside them
#
# Knobs: make DEVELOPER=1 (more warnings), SANITIZE=1 (ASan and UBSan, built into build-sanitize), V=1 (show commands)

CC      ?= cc
prefix  ?= /usr/local
CFLAGS  ?= -O2 -g
B       := build$(if $(SANITIZE),-sanitize)
CONFIG  ?= configs/quick.conf
Q       := $(if $(V),,@)
VERSION := 0.1
# On all cores, unless -j says otherwise.
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

comma     := ,
LIBS      := libvirt libvirt-qemu libpcap inih json-c libarchive libcurl gsl sqlite3 libzstd libxxhash
WARN      := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef
WARN      += -Wno-unknown-warning-option -Wno-format-truncation -Wno-restrict
WARN      += $(if $(DEVELOPER),-Wshadow -Wcast-qual -Wformat=2 -Wvla -Wnull-dereference -Wno-format-nonliteral)
SANITIZER := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
# Looked up when a rule runs, so that `make help` and `make deps` work on a bare machine.
LIB_CFLAGS = $(shell pkg-config --cflags $(LIBS))
LIB_LIBS   = $(shell pkg-config --libs $(LIBS)) -lcsv -lm -pthread
COMPILE    = $(CC) -std=c17 -D_GNU_SOURCE -I. -I$(B) $(WARN) $(SANITIZER) $(CFLAGS) -pthread -MMD -MP

# The program is everything but its entry and the guest; tests link the same objects.
SOURCES := $(filter-out bench/migmeter.c workloads/main.c,$(shell find bench workloads collectors analysis reports -name '*.c' | sort))
OBJECTS := $(SOURCES:%.c=$(B)/%.o)
GUEST_SOURCES := $(wildcard workloads/*.c) $(addprefix bench/base/,err.c clock.c quantity.c option.c sample_wire.c seen.c stream_wire.c \
                 stream_end.c)
GUEST_OBJECTS := $(GUEST_SOURCES:%.c=$(B)/guest/%.o)
C_TESTS := $(patsubst t/%.c,$(B)/t/%.t,$(filter-out t/fuzz_alone.c t/bench_%.c,$(wildcard t/*.c)))

.PHONY: help all deps guest images demo kuno kuno-explain hirofuchi sakurai sakurai-tables sakurai-rtt sakurai-tuning sakurai-model sakurai-machine openflow openflow-distance wide-area wide-area-groups wide-area-groups-buffers wide-area-return wide-area-visits check check-full lint install clean bench FORCE
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

help:            ## this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

all: $(B)/migmeter guest   ## build everything

deps:            ## install missing Debian packages; starts no service
	@sh bench/testbed/deps.sh

guest: $(B)/guest/migmeter-guest $(B)/guest/kernel/vmlinuz   ## the guest binary and its kernel

IMAGES := $(patsubst bench/testbed/images/%/packages,$(B)/guest/images/%.img,$(wildcard bench/testbed/images/*/packages))
images: $(IMAGES)   ## disks of the guests that compile and serve the web (as root; fetches 300 MB, some minutes)

demo: deps       ## from bare machine to report: install, build, one measured migration
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(B)/migmeter run $(CONFIG)

# How every study is run. Stopped with Ctrl-C, it goes on when it is run again; a new one: move its folder in results/ away. A
# point that this machine lacks something for is skipped (exit status 3), which the study's page says, and what follows is done.
STUDY_RUN = study() { $(B)/migmeter run "$$@" --continue $(if $(REDO),--redo $(REDO)) || { status=$$?; test $$status = 3 || exit $$status; }; }
STUDY     = $(STUDY_RUN); study

kuno: deps       ## the study of configs/kuno at scale 1/16: 54 runs (about 40 minutes), report in results/kuno
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(STUDY) configs/kuno/kuno.conf --scale 1/16 -o results/kuno

kuno-explain: deps ## further runs that show causes (about 12 minutes); they stand beside the claims in results/kuno
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(STUDY) configs/kuno/explain.conf --scale 1/16 -o results/kuno-explain
	$(Q)$(B)/migmeter report results/kuno

# A part by itself: build/migmeter run configs/hirofuchi/hirofuchi.conf --only case=staircase-postcopy
hirofuchi: deps  ## the study of configs/hirofuchi, scaled: 30 runs (about 60 minutes), report in results/hirofuchi
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(MAKE) --no-print-directory images
	$(Q)$(STUDY) configs/hirofuchi/hirofuchi.conf -o results/hirofuchi

# Its runs go on when it is run again. Parts by themselves: sakurai-tables, sakurai-rtt.
sakurai: sakurai-tables sakurai-rtt ## configs/sakurai: tables by simulation, times against RTT by 50 runs (20 minutes)

sakurai-tables: deps ## tables 3 and 5 by simulation (a minute), pages in results/sakurai-*-sites
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)for sites in three five; do rm -rf results/sakurai-$$sites-sites; \
		$(B)/migmeter simulate configs/sakurai/$$sites-sites.conf -o results/sakurai-$$sites-sites || exit 1; done

# Figures 2 and 3; what may make the claim true; what the paper could not switch, once: the page shows all three.
CAUSES = used=1.00 cause=small-buffers|shallow-queue
RTT = $(STUDY_RUN); rtt() { part=$$1; shift; study configs/sakurai/rtt-$$part.conf --scale 1/4 "$$@"; }
sakurai-rtt: deps ## figures 2 and 3: migration time against RTT, report in results/sakurai-rtt
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(RTT); rtt transfer -o results/sakurai-rtt; rtt explain --only "$(CAUSES)" -o results/sakurai-rtt-explain; \
		rtt tuning --repeat 1 -o results/sakurai-rtt-tuning
	$(Q)$(B)/migmeter report results/sakurai-rtt

sakurai-tuning: deps ## the last three times, for intervals, and a third cause (20 more runs, 7 minutes), on the page in results/sakurai-rtt
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(RTT); rtt tuning -o results/sakurai-rtt-tuning; rtt explain --only used=1.00 -o results/sakurai-rtt-explain
	$(Q)$(B)/migmeter report results/sakurai-rtt

sakurai-model: sakurai-rtt ## the same beside a guest that writes faster (8 more runs, 3 minutes), and the model of them all
	$(Q)$(RTT); rtt dirty -o results/sakurai-rtt-dirty
	$(Q)$(B)/migmeter model fit results/sakurai-rtt results/sakurai-rtt-dirty -o results/sakurai-rtt/transfer-model.json

sakurai-machine: deps ## the simulator beside machines: the same VMs and policy (5 minutes), in results/sakurai-machine-simulated
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(STUDY) configs/sakurai/machine.conf -o results/sakurai-machine
	$(Q)$(B)/migmeter model jobs results/sakurai-machine -o results/sakurai-machine/jobs.csv
	$(Q)rm -rf results/sakurai-machine-simulated
	$(Q)$(B)/migmeter simulate configs/sakurai/machine-simulated.conf -o results/sakurai-machine-simulated

openflow: deps   ## the study of configs/openflow at scale 1/8: 30 runs (about 18 minutes), report in results/openflow
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(STUDY) configs/openflow/openflow.conf --scale 1/8 -o results/openflow

openflow-distance: deps ## the same VM at RTTs of 0 to 30 ms, with its disk left behind or not (24 runs, about 15 minutes)
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(STUDY) configs/openflow/distance.conf -o results/openflow-distance

# The group is judged on one link and by three fixed numbers at a time here; on the others, and by more numbers:
# wide-area-groups, and with larger buffers wide-area-groups-buffers. More repeats: build/migmeter run configs/wide-area/groups.conf
# --repeat 3.
WIDE_AREA = $(STUDY_RUN); run() { part=$$1; shift; study configs/wide-area/$$part.conf -o results/wide-area-$$part "$$@"; }
wide-area: deps  ## configs/wide-area: groups, who waits, reachability, page cache, pages in common, reuse (about 40 minutes), in results/wide-area-*
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(WIDE_AREA); run groups --only 'link=1G-100ms schedule=sequential|four|all|adaptive'; run waiting; \
		run reachable; run cached; run shared --only schedule=all; run reuse --only moves_before=1; \
		run return --only case=disk
	$(Q)rm -rf results/wide-area-simulated
	$(Q)$(B)/migmeter simulate configs/wide-area/simulated.conf -o results/wide-area-simulated

wide-area-groups: deps ## the group on six links, by six fixed numbers at a time and adaptive (44 more runs, about an hour)
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(WIDE_AREA); run groups --only 'link=100M-0ms|100M-30ms|100M-100ms|1G-0ms|1G-30ms|1G-100ms'

wide-area-groups-buffers: deps ## the same at 1G with TCP's buffers as large as by default (35 runs, about 45 minutes)
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(WIDE_AREA); run groups --only 'link=1G-0ms-64M|1G-30ms-64M|1G-100ms-64M'

wide-area-return: deps ## what a VM sends that comes back after ten minutes (3 runs of 11 minutes)
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(WIDE_AREA); run return --only case=late

wide-area-visits: deps ## what a site still has of a VM that left a while ago (9 runs, about 12 minutes)
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all
	$(Q)$(WIDE_AREA); run visits

check: deps      ## all tests (about 5 minutes)
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all tests
	$(Q)MIGMETER_BUILD=$(B) sh t/run.sh

check-full: deps ## all tests and the long ones
	$(Q)$(MAKE) --no-print-directory $(PARALLEL) all tests
	$(Q)MIGMETER_BUILD=$(B) MIGMETER_LONG=1 sh t/run.sh

# One fuzz target a decoder of hostile bytes (t/fuzz.h), with libFuzzer; FUZZ_S seconds each.
FUZZ_S      ?= 20
FUZZ_TARGETS := $(patsubst t/%.c,build-fuzz/%,$(filter-out t/fuzz_alone.c,$(wildcard t/fuzz_*.c)))
FUZZER       = -fsanitize=$(1)$(comma)address$(comma)undefined -fno-sanitize-recover=undefined
.PHONY: fuzz
fuzz:            ## run the fuzz targets for FUZZ_S seconds each (needs clang)
	$(Q)$(MAKE) --no-print-directory B=build-fuzz CC=clang SANITIZER="$(call FUZZER,fuzzer-no-link)" \
		$(FUZZ_TARGETS) $(FUZZ_TARGETS:build-fuzz/%=build-fuzz/t/%.t)
	$(Q)for target in $(FUZZ_TARGETS); do mkdir -p $$target.corpus; \
		build-fuzz/t/$${target##*/}.t --seeds $$target.corpus && \
		$$target -max_total_time=$(FUZZ_S) -use_value_profile=1 -print_final_stats=1 \
			-artifact_prefix=$$target. $$target.corpus || exit 1; done

build-fuzz/fuzz_%: build-fuzz/t/fuzz_%.o $(OBJECTS)
	@echo "  FUZZ  $@"
	$(Q)$(CC) $(call FUZZER,fuzzer) -o $@ $^ $(LIB_LIBS)

# Figures as ratios and counts; each program prints JSON, and all of it is kept in $(B)/bench.json.
BENCHES := $(patsubst t/%.c,$(B)/%,$(wildcard t/bench_*.c))
bench: all $(BENCHES) ## figures for speed and for what watching costs, beside their goals (as root, about 4 minutes)
	$(Q)MIGMETER_BUILD=$(B) sh t/bench.sh $(BENCHES) t/bench_run.sh >$(B)/bench.json.new; \
		status=$$?; mv $(B)/bench.json.new $(B)/bench.json; cat $(B)/bench.json; exit $$status

$(B)/bench_%: $(B)/t/bench_%.o $(OBJECTS)
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ -lcmocka $(LIB_LIBS)

C_FILES     = $(shell git ls-files '*.c' '*.h')
SHELL_FILES = .ci/run $(shell git ls-files '*.sh')
lint:            ## style and static checks (needs clang-format, cppcheck, shellcheck)
	$(Q)for tool in clang-format cppcheck shellcheck; do command -v $$tool >/dev/null || { \
		echo "lint: $$tool is missing; run: apt-get install clang-format cppcheck shellcheck" >&2; exit 3; }; done
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --error-exitcode=1 -I. $(filter %.c,$(C_FILES))
	$(Q)shellcheck -S warning -x $(SHELL_FILES)

DATA = $(DESTDIR)$(prefix)/share/migmeter
MAN  = $(DESTDIR)$(prefix)/share/man/man1
UNITS = $(DESTDIR)$(prefix)/lib/systemd/system
install: all     ## install below $(DESTDIR)$(prefix)
	install -d $(DESTDIR)$(prefix)/bin $(DATA)/guest/kernel $(DATA)/configs $(DATA)/reports $(MAN) \
		$(DATA)/bench/testbed \
		$(DESTDIR)$(prefix)/share/bash-completion/completions $(UNITS)
	install -m 755 $(B)/migmeter $(DESTDIR)$(prefix)/bin/migmeter
	install -m 755 $(B)/guest/migmeter-guest $(DATA)/guest/
	cp -r $(B)/guest/kernel/. $(DATA)/guest/kernel/
	for image in $(wildcard $(B)/guest/images/*.img); do \
		install -d $(DATA)/guest/images && cp --sparse=always $$image $(DATA)/guest/images/ || exit 1; done
	cp -r configs/. $(DATA)/configs/
	install -m 644 bench/testbed/learning_switch.py $(DATA)/bench/testbed/
	install -m 644 $(wildcard reports/*.gp reports/*.css) $(DATA)/reports/
	sed 's|/usr/local/bin|$(prefix)/bin|' configs/nightly.service >$(UNITS)/migmeter-nightly.service
	install -m 644 configs/nightly.timer $(UNITS)/migmeter-nightly.timer
	$(B)/migmeter manual >$(MAN)/migmeter.1
	for command in $$($(B)/migmeter help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do \
		$(B)/migmeter manual $$command >$(MAN)/migmeter-$$command.1 || exit 1; done
	$(B)/migmeter completion >$(DESTDIR)$(prefix)/share/bash-completion/completions/migmeter

clean:           ## remove what was built (not what was measured)
	rm -rf build build-sanitize build-fuzz

$(B)/migmeter: $(B)/bench/migmeter.o $(OBJECTS)
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ $(LIB_LIBS)

# Other flags, other objects: DEVELOPER=1 looks at what was built without it too.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(VERSION)' | cmp -s - $@ || echo '$(COMPILE) $(VERSION)' >$@

# The commit, for the manifest of a run; "" outside of a clone.
REVISION = $(shell git describe --always --dirty --abbrev=12 2>/dev/null)
$(B)/revision.h: FORCE
	@mkdir -p $(@D)
	@echo '#define MIGMETER_REVISION "$(REVISION)"' >$@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(B)/bench/experiment/run_directory.o: $(B)/revision.h

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) $(LIB_CFLAGS) -DMIGMETER_VERSION='"$(VERSION)"' -c -o $@ $<

# The guest binary runs as PID 1 without a libc beside it: static, never sanitized.
$(B)/guest/migmeter-guest: $(GUEST_OBJECTS)
	@echo "  LINK  $@"
	$(Q)$(CC) -static -o $@ $^ -lm -pthread

$(B)/guest/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $< (guest)"
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -I. $(WARN) -O2 -g -pthread -MMD -MP -c -o $@ $<

$(B)/guest/kernel/vmlinuz:
	$(Q)sh bench/testbed/kernel.sh $(B)/guest/kernel

# image.sh knows what it depends on.
$(B)/guest/images/%.img: FORCE
	$(Q)sh bench/testbed/image.sh $* $@

.PHONY: tests
tests: $(C_TESTS)

$(B)/t/%.t: $(B)/t/%.o $(OBJECTS)
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ -lcmocka $(LIB_LIBS)

# A fuzz target as a bounded test; see t/fuzz.h.
$(filter $(B)/t/fuzz_%,$(C_TESTS)): $(B)/t/%.t: $(B)/t/%.o $(B)/t/fuzz_alone.o $(OBJECTS)
	@echo "  LINK  $@"
	$(Q)$(COMPILE) -o $@ $^ $(LIB_LIBS)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
