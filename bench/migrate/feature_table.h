/*
 * feature_table.h - THE table of migration features: a row a feature. Included by feature.c, once a use.
 *
 *	FEATURE(key, member, type, initial, lowest, highest, help, the rest of struct feature)
 *
 * Since-versions: libvirt's from its API description, QEMU's from its QMP reference (7.2) and, where newer, from
 * qapi/migration.json of the tags. A bandwidth of libvirt is in whole MiB/s.
 */
/* clang-format off */
FEATURE("auto_converge", auto_converge, BOOLEAN, "no", NULL, NULL, "slow the guest down until it converges",
	.libvirt_since = V(1, 2, 3), .flag = VIR_MIGRATE_AUTO_CONVERGE, .qemu_since = V(1, 6, 0),
	.capability = "auto-converge")
FEATURE("auto_converge_initial", auto_converge_initial, INTEGER, "0", "0", "99",
	"first throttle in percent; 0: the hypervisor's",
	.libvirt_since = V(2, 0, 0), .param = "auto_converge.initial", .param_type = VIR_TYPED_PARAM_INT,
	.qemu_since = V(2, 7, 0), .parameter = "cpu-throttle-initial", .needs = "auto_converge")
FEATURE("auto_converge_increment", auto_converge_increment, INTEGER, "0", "0", "99",
	"added to it in percent; 0: the hypervisor's",
	.libvirt_since = V(2, 0, 0), .param = "auto_converge.increment", .param_type = VIR_TYPED_PARAM_INT,
	.qemu_since = V(2, 7, 0), .parameter = "cpu-throttle-increment", .needs = "auto_converge")

FEATURE("xbzrle", xbzrle, BOOLEAN, "no", NULL, NULL, "send differences of pages that were sent before",
	.libvirt_since = V(1, 3, 4), .flag = VIR_MIGRATE_COMPRESSED, .method = "xbzrle", .qemu_since = V(1, 2, 0),
	.capability = "xbzrle", .excludes = "parallel")
FEATURE("xbzrle_cache", xbzrle_cache_bytes, SIZE, "0", "0", "1T", "a power of two; 0: the hypervisor's",
	.libvirt_since = V(1, 3, 4), .param = "compression.xbzrle.cache", .param_type = VIR_TYPED_PARAM_ULLONG,
	.qemu_since = V(2, 11, 0), .parameter = "xbzrle-cache-size", .needs = "xbzrle", .power_of_two = true)
FEATURE("compress", compress, BOOLEAN, "no", NULL, NULL, "compress pages in threads of QEMU's own",
	.libvirt_since = V(1, 3, 4), .flag = VIR_MIGRATE_COMPRESSED, .method = "mt", .qemu_since = V(2, 4, 0),
	.qemu_gone = V(9, 1, 0), .capability = "compress", .excludes = "postcopy parallel xbzrle")
FEATURE("compress_level", compress_level, INTEGER, "0", "0", "9", "1 fastest, 9 smallest; 0: the hypervisor's",
	.libvirt_since = V(1, 3, 4), .param = "compression.mt.level", .param_type = VIR_TYPED_PARAM_INT,
	.qemu_since = V(2, 4, 0), .qemu_gone = V(9, 1, 0), .parameter = "compress-level", .needs = "compress")
FEATURE("compress_threads", compress_threads, INTEGER, "0", "0", "255", "on the source; 0: the hypervisor's",
	.libvirt_since = V(1, 3, 4), .param = "compression.mt.threads", .param_type = VIR_TYPED_PARAM_INT,
	.qemu_since = V(2, 4, 0), .qemu_gone = V(9, 1, 0), .parameter = "compress-threads", .needs = "compress")
FEATURE("decompress_threads", decompress_threads, INTEGER, "0", "0", "255", "on the destination; 0: the hypervisor's",
	.libvirt_since = V(1, 3, 4), .param = "compression.mt.dthreads", .param_type = VIR_TYPED_PARAM_INT,
	.qemu_since = V(2, 4, 0), .qemu_gone = V(9, 1, 0), .parameter = "decompress-threads", .needs = "compress")

/* With post-copy, QEMU 7.2's guest dies at the destination (measured); later ones refuse it, until they can. */
FEATURE("parallel", parallel, INTEGER, "0", "0", "255", "connections (multifd); 0: one, without multifd",
	.libvirt_since = V(5, 2, 0), .flag = VIR_MIGRATE_PARALLEL, .param = "parallel.connections",
	.param_type = VIR_TYPED_PARAM_INT, .qemu_since = V(4, 0, 0), .capability = "multifd",
	.parameter = "multifd-channels", .postcopy_since = V(10, 1, 0))
FEATURE("parallel_compression", parallel_compression, CHOICE, "none", "none|zlib|zstd", NULL,
	"compress what the parallel connections carry",
	.libvirt_since = V(9, 4, 0), .flag = VIR_MIGRATE_COMPRESSED, .method = "*", .qemu_since = V(5, 0, 0),
	.global = "multifd-compression", .parameter = "multifd-compression", .needs = "parallel")
FEATURE("zlib_level", zlib_level, INTEGER, "0", "0", "9", "1 fastest, 9 smallest; 0: the hypervisor's",
	.libvirt_since = V(9, 4, 0), .param = "compression.zlib.level", .param_type = VIR_TYPED_PARAM_INT,
	.qemu_since = V(5, 0, 0), .global = "multifd-zlib-level", .parameter = "multifd-zlib-level",
	.needs = "parallel_compression")
FEATURE("zstd_level", zstd_level, INTEGER, "0", "0", "20", "1 fastest, 20 smallest; 0: the hypervisor's",
	.libvirt_since = V(9, 4, 0), .param = "compression.zstd.level", .param_type = VIR_TYPED_PARAM_INT,
	.qemu_since = V(5, 0, 0), .global = "multifd-zstd-level", .parameter = "multifd-zstd-level",
	.needs = "parallel_compression")
FEATURE("zero_copy", zero_copy, BOOLEAN, "no", NULL, NULL, "send without copying; locks the guest's memory",
	.locks_memory = true,
	.libvirt_since = V(8, 5, 0), .flag = VIR_MIGRATE_ZEROCOPY, .qemu_since = V(7, 1, 0),
	.capability = "zero-copy-send", .needs = "parallel", .excludes = "tls parallel_compression xbzrle compress")

FEATURE("postcopy_bandwidth", postcopy_bandwidth_bytes_per_s, SIZE, "0", "0", "1T",
	"bytes a second after the switch, whole MiB; 0: no limit",
	.libvirt_since = V(5, 1, 0), .param = VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY,
	.param_type = VIR_TYPED_PARAM_ULLONG, .param_unit = 1 << 20, .qemu_since = V(3, 0, 0),
	.parameter = "max-postcopy-bandwidth", .needs = "postcopy")
/* libvirt 9.0 connects by itself and hands QEMU the socket, and QEMU 7.2 then says "stream does not support
 * multi-channels"; with parallel QEMU connects, but 7.2 mixes the channels up and the migration hangs. */
FEATURE("postcopy_preempt", postcopy_preempt, BOOLEAN, "no", NULL, NULL,
	"pages that the guest waits for have a connection of their own",
	.qemu_since = V(7, 1, 0), .global = "x-postcopy-preempt", .global_also = "x-postcopy-ram=on",
	.global_broken = V(9, 0, 0), .capability = "postcopy-preempt", .needs = "postcopy", .excludes = "parallel")
FEATURE("postcopy_recover", postcopy_recover_ns, DURATION, "0s", "0s", "1h",
	"after a broken link try so long to go on; 0: do not",
	.libvirt_since = V(8, 5, 0), .qemu_since = V(3, 0, 0), .needs = "postcopy",
	.unread = "it is migmeter that goes on; each attempt is an event postcopy-recover")

FEATURE("tls", tls, BOOLEAN, "no", NULL, NULL, "encrypt; needs certificates on both nodes",
	.libvirt_since = V(3, 2, 0), .flag = VIR_MIGRATE_TLS, .qemu_since = V(2, 7, 0), .parameter = "tls-creds",
	.excludes = "tunnelled")
FEATURE("tls_destination", tls_destination, STRING, "", NULL, NULL, "name in the destination's certificate",
	.libvirt_since = V(6, 0, 0), .param = "tls.destination", .param_type = VIR_TYPED_PARAM_STRING,
	.qemu_since = V(2, 7, 0), .parameter = "tls-hostname", .needs = "tls")
FEATURE("peer2peer", peer2peer, BOOLEAN, "no", NULL, NULL, "the daemons speak to each other, not through the head",
	.libvirt_since = V(0, 7, 2), .flag = VIR_MIGRATE_PEER2PEER,
	.unread = "libvirt does not tell; with collect.tcp the daemons' connection is in tcp.csv")
FEATURE("tunnelled", tunnelled, BOOLEAN, "no", NULL, NULL, "through the daemons' own connection",
	.libvirt_since = V(0, 7, 2), .flag = VIR_MIGRATE_TUNNELLED, .needs = "peer2peer",
	.excludes = "parallel postcopy copy_disks",
	.unread = "libvirt does not tell; with collect.tcp the daemons' connection is seen to carry the memory")

FEATURE("copy_disks", copy_disks, CHOICE, "none", "none|full|incremental", NULL,
	"copy disks that are not shared along, over NBD",
	.libvirt_since = V(0, 8, 2), .choice_flags = { 0, VIR_MIGRATE_NON_SHARED_DISK, VIR_MIGRATE_NON_SHARED_INC },
	.qemu_since = V(1, 3, 0), .job = "disk_total_bytes", .needs = "disks")
FEATURE("copy_synchronous", copy_synchronous, BOOLEAN, "no", NULL, NULL,
	"the guest's writes wait for the copy, so that it always converges",
	.libvirt_since = V(8, 0, 0), .flag = VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES, .qemu_since = V(3, 0, 0),
	.needs = "copy_disks", .unread = "before 8.2 QEMU does not tell how a mirror copies")

FEATURE("dirty_limit", dirty_limit_bytes_per_s, SIZE, "0", "0", "1T",
	"hold each vCPU to this many dirtied bytes a second, whole MiB; 0: off",
	.qemu_since = V(8, 1, 0), .global = "vcpu-dirty-limit", .global_unit = 1 << 20, .global_also = "x-dirty-limit=on",
	.capability = "dirty-limit", .parameter = "vcpu-dirty-limit", .parameter_unit = 1 << 20, .needs = "kvm",
	.excludes = "auto_converge")
FEATURE("dirty_limit_period", dirty_limit_period_ns, DURATION, "0s", "0s", "1s",
	"between two looks at a vCPU's rate, whole ms; 0: the hypervisor's",
	.qemu_since = V(8, 1, 0), .global = "x-vcpu-dirty-limit-period", .global_unit = 1000000,
	.parameter = "x-vcpu-dirty-limit-period", .parameter_unit = 1000000, .needs = "dirty_limit")
FEATURE("switchover_ack", switchover_ack, BOOLEAN, "no", NULL, NULL,
	"stop the guest only when the destination says that it is ready",
	.qemu_since = V(8, 1, 0), .global = "x-switchover-ack", .global_also = "x-return-path=on",
	.capability = "switchover-ack")
FEATURE("switchover_bandwidth", switchover_bandwidth_bytes_per_s, SIZE, "0", "0", "1T",
	"bytes a second to expect for the switch-over, whole MiB; 0: as measured",
	.libvirt_since = V(11, 1, 0), .param = "bandwidth.avail.switchover", .param_type = VIR_TYPED_PARAM_ULLONG,
	.param_unit = 1 << 20, .qemu_since = V(8, 2, 0), .global = "avail-switchover-bandwidth",
	.parameter = "avail-switchover-bandwidth")
FEATURE("zero_page_detection", zero_page_detection, CHOICE, "default", "default|none|legacy|multifd", NULL,
	"who looks for pages of zeroes",
	.qemu_since = V(9, 0, 0), .global = "zero-page-detection", .parameter = "zero-page-detection")
/* KVM_FEATURE_ASYNC_PF_INT: part of the CPU that libvirt passes through; off is the guest's own no-kvmapf, which is true
 * anywhere. */
FEATURE("async_page_faults", async_page_faults, CHOICE, "default", "default|off|on", NULL,
	"in post-copy only the process waits that touches a missing page, by KVM's asynchronous page faults",
	.libvirt_since = V(0, 9, 11), .qemu_since = V(5, 2, 0), .needs = "kvm", .needs_above = ASYNC_OFF,
	.unread = "only the guest knows; it shows in the work that its other processes lose")
/* clang-format on */
