/* The guests' initramfs, written from a small kernel directory and read back with libarchive. */
#include "bench/base/err.h"
#include "bench/testbed/guest_image.h"
#include "t/scratch.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MODULES_DEP                                                                                                  \
	"kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko\n" \
	"kernel/drivers/net/virtio_net_extra.ko:\n"                                                                  \
	"kernel/drivers/net/virtio-net.ko.gz: kernel/net/core/failover.ko kernel/drivers/virtio/virtio.ko "          \
	"kernel/drivers/virtio/virtio_ring.ko\n"

static char path[128];

static const char *in(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in(name), "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Compressed as Debian's newer kernels and others have their modules. */
static void write_gzip(const char *name, const char *text)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	archive_write_set_format_raw(a);
	archive_write_add_filter_gzip(a);
	assert_int_equal(archive_write_open_filename(a, in(name)), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "x");
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, text, strlen(text)), strlen(text));
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(a), ARCHIVE_OK);
}

static int set_up(void **state)
{
	static const char *const directories[] = { "kernel",
		                                   "kernel/modules",
		                                   "kernel/modules/kernel",
		                                   "kernel/modules/kernel/drivers",
		                                   "kernel/modules/kernel/drivers/block",
		                                   "kernel/modules/kernel/drivers/net",
		                                   "kernel/modules/kernel/drivers/virtio",
		                                   "kernel/modules/kernel/net",
		                                   "kernel/modules/kernel/net/core" };
	if (scratch_make(state) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		mkdir(in(directories[i]), 0755);
	write_file("kernel/version", "6.1.0-test\n");
	write_file("kernel/modules/modules.dep", MODULES_DEP);
	write_file("kernel/modules/modules.builtin", "kernel/drivers/virtio/virtio_pci.ko\n");
	write_file("kernel/modules/kernel/drivers/block/virtio_blk.ko", "blk");
	write_file("kernel/modules/kernel/drivers/virtio/virtio.ko", "virtio");
	write_file("kernel/modules/kernel/drivers/virtio/virtio_ring.ko", "ring");
	write_file("kernel/modules/kernel/net/core/failover.ko", "failover");
	write_gzip("kernel/modules/kernel/drivers/net/virtio-net.ko.gz", "net");
	write_file("binary", "the program");
	return 0;
}

static int image_write(struct err *e)
{
	char binary[128], kernel[128], output[128];
	snprintf(binary, sizeof(binary), "%s/binary", scratch);
	snprintf(kernel, sizeof(kernel), "%s/kernel", scratch);
	snprintf(output, sizeof(output), "%s/image", scratch);
	return guest_image_write(binary, kernel, output, e);
}

struct member {
	const char *name;
	mode_t mode;
	const char *content;
};

static void the_image_holds_what_a_guest_needs(void **state)
{
	(void)state;
	static const struct member wanted[] = {
		{ "dev", S_IFDIR | 0755, NULL },
		{ "proc", S_IFDIR | 0755, NULL },
		{ "sys", S_IFDIR | 0755, NULL },
		{ "etc", S_IFDIR | 0755, NULL },
		{ "lib", S_IFDIR | 0755, NULL },
		{ "dev/console", S_IFCHR | 0600, NULL },
		{ "init", S_IFREG | 0755, "the program" },
		{ "lib/virtio_ring.ko", S_IFREG | 0755, "ring" },
		{ "lib/virtio.ko", S_IFREG | 0755, "virtio" },
		{ "lib/failover.ko", S_IFREG | 0755, "failover" },
		{ "lib/virtio_net.ko", S_IFREG | 0755, "net" },
		{ "lib/virtio_blk.ko", S_IFREG | 0755, "blk" },
		{ "etc/modules-order", S_IFREG | 0644,
		  "/lib/virtio_ring.ko\n/lib/virtio.ko\n/lib/failover.ko\n/lib/virtio_net.ko "
		  "napi_tx=0\n/lib/virtio_blk.ko\n" },
	};
	struct err e = { 0 };
	if (image_write(&e) < 0)
		fail_msg("%s", e.text);
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	archive_read_support_format_cpio(a);
	assert_int_equal(archive_read_open_filename(a, in("image"), 10240), ARCHIVE_OK);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		char content[256] = "";
		assert_int_equal(archive_read_next_header(a, &entry), ARCHIVE_OK);
		assert_string_equal(archive_entry_pathname(entry), wanted[i].name);
		assert_int_equal(archive_entry_mode(entry), wanted[i].mode);
		assert_int_equal(archive_entry_uid(entry), 0);
		archive_read_data(a, content, sizeof(content) - 1);
		if (wanted[i].content)
			assert_string_equal(content, wanted[i].content);
		if (S_ISCHR(wanted[i].mode)) {
			assert_int_equal(archive_entry_rdevmajor(entry), 5);
			assert_int_equal(archive_entry_rdevminor(entry), 1);
		}
	}
	assert_int_equal(archive_read_next_header(a, &entry), ARCHIVE_EOF);
	archive_read_free(a);
}

static void without_a_driver_there_is_no_image_at_all(void **state)
{
	(void)state;
	struct err e = { 0 };
	write_file("kernel/modules/modules.builtin", "");
	unlink(in("image"));
	assert_int_equal(image_write(&e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	assert_non_null(strstr(e.text, "virtio_pci"));
	assert_int_equal(access(in("image"), F_OK), -1);

	/* Nor when it fails half-way: nothing is left, not even under another name. */
	write_file("kernel/modules/modules.builtin", "kernel/drivers/virtio/virtio_pci.ko\n");
	unlink(in("kernel/modules/kernel/net/core/failover.ko"));
	assert_int_equal(image_write(&e), -1);
	assert_non_null(strstr(e.text, "failover.ko"));
	char command[128];
	snprintf(command, sizeof(command), "! ls %s | grep -q image", scratch);
	assert_int_equal(system(command), 0);
}

static void the_version_is_read(void **state)
{
	(void)state;
	char kernel[128], version[64];
	struct err e = { 0 };
	snprintf(kernel, sizeof(kernel), "%s/kernel", scratch);
	assert_int_equal(guest_kernel_version(kernel, version, sizeof(version), &e), 0);
	assert_string_equal(version, "6.1.0-test");
	assert_int_equal(guest_kernel_version("/nonexistent", version, sizeof(version), &e), -1);
	assert_non_null(strstr(e.text, "make guest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_image_holds_what_a_guest_needs, set_up, scratch_remove),
		cmocka_unit_test_setup_teardown(without_a_driver_there_is_no_image_at_all, set_up, scratch_remove),
		cmocka_unit_test_setup_teardown(the_version_is_read, set_up, scratch_remove),
	};
	return cmocka_run_group_tests_name("guest_image", tests, NULL, NULL);
}
