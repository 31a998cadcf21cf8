#include "bench/migrate/feature.h"

#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <stdio.h>
#include <string.h>

/* Enumerators, not macros, in libvirt's header: an older one lacks these. */
#if LIBVIR_VERSION_NUMBER < 8005000
#define VIR_MIGRATE_ZEROCOPY (1 << 20)
#endif
#if LIBVIR_VERSION_NUMBER < 8000000
#define VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES (1 << 18)
#endif

#define V(major, minor, release) ((major)*1000000 + (minor)*1000 + (release))

enum { PAGE_BYTES = 4096 };

enum feature_index {
#define FEATURE(key_, member, ...) FEATURE_INDEX_##member,
#include "bench/migrate/feature_table.h"
#undef FEATURE
};

const struct option_row feature_rows[] = {
#define FEATURE(key_, member, type, initial, lowest, highest, help_, ...)                                            \
	{ key_, OPTION_##type, offsetof(struct feature_set, member), initial, lowest, highest, help_ },
#include "bench/migrate/feature_table.h"
#undef FEATURE
	OPTION_END
};

#define ALSO(key, type, member, choices)                                                                             \
	&(const struct option_row)                                                                                   \
	{                                                                                                            \
		key, OPTION_##type, offsetof(struct feature_also, member), NULL, choices, NULL, NULL                 \
	}

const struct feature features[] = {
#define FEATURE(key_, member, type, initial, lowest, highest, help_, ...)                                            \
	{ .key = key_, .option = &feature_rows[FEATURE_INDEX_##member], .help = help_, __VA_ARGS__ },
#include "bench/migrate/feature_table.h"
#undef FEATURE
	/* Those whose keys the experiment keeps itself. */
	{ .key = "mode = postcopy",
	  .also = ALSO("mode", CHOICE, postcopy, "precopy|postcopy"),
	  .help = "run at the destination before the memory is there",
	  .libvirt_since = V(1, 3, 3),
	  .flag = VIR_MIGRATE_POSTCOPY,
	  .qemu_since = V(2, 6, 0),
	  .capability = "postcopy-ram",
	  .excludes = "compress tunnelled" },
	{ .key = "downtime_limit",
	  .also = ALSO("downtime_limit", DURATION, downtime_limit_ns, NULL),
	  .help = "longest stop that pre-copy may plan",
	  .libvirt_since = V(0, 8, 0),
	  .qemu_since = V(2, 8, 0),
	  .parameter = "downtime-limit",
	  .parameter_unit = 1000000 },
	{ .key = "bandwidth",
	  .also = ALSO("bandwidth", SIZE, bandwidth_bytes_per_s, NULL),
	  .help = "bytes a second, whole MiB",
	  .libvirt_since = V(1, 1, 0),
	  .param = VIR_MIGRATE_PARAM_BANDWIDTH,
	  .param_type = VIR_TYPED_PARAM_ULLONG,
	  .param_unit = 1 << 20,
	  .qemu_since = V(2, 8, 0),
	  .parameter = "max-bandwidth" },
	{ .key = NULL },
};

int64_t feature_value(const struct option_row *row, const void *from)
{
	const char *member = (const char *)from + row->offset;
	switch (row->type) {
	case OPTION_BOOLEAN:
		return *(const bool *)member;
	case OPTION_CHOICE:
		return *(const int *)(const void *)member;
	case OPTION_STRING:
		return *member != '\0';
	default:
		return *(const int64_t *)(const void *)member;
	}
}

/* Whether the value is one for which it needs what it needs. */
static bool is_needy(const struct feature *f, const struct feature_set *set)
{
	return f->needs && feature_value(f->option, set) > f->needs_above;
}

bool feature_is_asked(const struct feature *f, const struct feature_set *set)
{
	return f->option && feature_value(f->option, set) != 0;
}

static const struct feature *feature_find(const char *key, size_t length)
{
	for (const struct feature *f = features; f->key; f++)
		if (strlen(f->key) == length && memcmp(f->key, key, length) == 0)
			return f;
	return NULL;
}

/* Whether the need "disks" and the like, which are no features, is met; *known says whether it is one of these. */
static bool host_meets(const struct feature_host *host, const char *need, bool *known)
{
	*known = true;
	if (strcmp(need, "postcopy") == 0)
		return host->postcopy;
	if (strcmp(need, "disks") == 0)
		return host->disks;
	if (strcmp(need, "kvm") == 0)
		return host->kvm;
	*known = false;
	return true;
}

enum feature_state feature_available(const struct feature *f, const struct feature_host *host, char *reason,
                                     size_t room)
{
	char is[32], since[32];
	bool libvirt_has = f->libvirt_since && host->libvirt_version >= f->libvirt_since;
	if (room)
		reason[0] = '\0';
	if (host->qemu_version < f->qemu_since || (f->qemu_gone && host->qemu_version >= f->qemu_gone)) {
		bool gone = host->qemu_version >= f->qemu_since;
		snprintf(reason, room, gone ? "QEMU %s has it no more (since %s)" : "QEMU %s is older than %s",
		         libvirt_version_format(host->qemu_version, is, sizeof(is)),
		         libvirt_version_format(gone ? f->qemu_gone : f->qemu_since, since, sizeof(since)));
		return FEATURE_NO;
	}
	if (f->needs && strcmp(f->needs, "kvm") == 0 && !host->kvm) {
		snprintf(reason, room, "it needs KVM");
		return FEATURE_NO;
	}
	if (f->locks_memory && !host->may_lock) {
		snprintf(reason, room, "QEMU may not lock memory here (CAP_SYS_RESOURCE is missing)");
		return FEATURE_NO;
	}
	if (libvirt_has)
		return FEATURE_YES;
	if (f->global_broken && host->libvirt_version <= f->global_broken) {
		snprintf(reason, room, "it does not work with libvirt %s",
		         libvirt_version_format(host->libvirt_version, is, sizeof(is)));
		return FEATURE_NO;
	}
	if (f->libvirt_since)
		snprintf(reason, room, "libvirt %s is older than %s",
		         libvirt_version_format(host->libvirt_version, is, sizeof(is)),
		         libvirt_version_format(f->libvirt_since, since, sizeof(since)));
	else
		snprintf(reason, room, "libvirt has no key for it");
	if (!f->global)
		return FEATURE_NO;
	size_t used = strlen(reason);
	if (used < room)
		snprintf(reason + used, room - used, "; set past it, the guest is marked tainted");
	return FEATURE_BY_QEMU;
}

/* Call fn for each word of excludes that the set (or the mode) has; returns the first, or NULL. */
static const char *excluded_by(const struct feature *f, const struct feature_set *set,
                               const struct feature_host *host, size_t *ret_length)
{
	for (const char *word = f->excludes; word && *word;) {
		size_t length = strcspn(word, " ");
		const struct feature *other = feature_find(word, length);
		bool postcopy = host->postcopy && length == 8 && memcmp(word, "postcopy", 8) == 0;
		*ret_length = length;
		if (postcopy || (other && feature_is_asked(other, set)))
			return word;
		word += length + strspn(word + length, " ");
	}
	return NULL;
}

/* What libvirt or QEMU takes in a coarser unit is not rounded in silence. */
static int unit_check(const struct feature *f, int64_t value, struct err *e)
{
	int64_t unit = f->param_unit > f->global_unit ? f->param_unit : f->global_unit;
	if (unit <= 1 || value % unit == 0)
		return 0;
	return err_set(e, EXIT_USAGE, "migration.%s is in whole %s", f->key,
	               (f->option ? f->option : f->also)->type == OPTION_DURATION ? "ms" : "MiB");
}

static int postcopy_check(const struct feature *f, const struct feature_host *host, struct err *e)
{
	char is[32], since[32];
	if (!host->postcopy || !host->qemu_version || host->qemu_version >= f->postcopy_since)
		return 0;
	return err_set(e, EXIT_CANNOT, "migration.%s goes with post-copy from QEMU %s on, and this is %s", f->key,
	               libvirt_version_format(f->postcopy_since, since, sizeof(since)),
	               libvirt_version_format(host->qemu_version, is, sizeof(is)));
}

static int row_check(const struct feature *f, const struct feature_set *set, const struct feature_host *host,
                     struct err *e)
{
	size_t length;
	bool outside;
	int64_t value = feature_value(f->option, set);
	const struct feature *needed = f->needs ? feature_find(f->needs, strlen(f->needs)) : NULL;
	if (f->power_of_two && ((value & (value - 1)) || value < PAGE_BYTES))
		return err_set(e, EXIT_USAGE, "migration.%s must be a power of two, 4K or more", f->key);
	if (unit_check(f, value, e) < 0 || postcopy_check(f, host, e) < 0)
		return -1;
	if (needed && !feature_is_asked(needed, set))
		return err_set(e, EXIT_USAGE, "migration.%s needs migration.%s: set that too", f->key, f->needs);
	const char *other = excluded_by(f, set, host, &length);
	if (other)
		return err_set(e, EXIT_USAGE, "migration.%s does not go with %.*s: switch one off", f->key,
		               (int)length, other);
	if (!is_needy(f, set) || host_meets(host, f->needs, &outside) || !outside)
		return 0;
	if (strcmp(f->needs, "postcopy") == 0)
		return err_set(e, EXIT_USAGE, "migration.%s needs migration.mode = postcopy", f->key);
	if (strcmp(f->needs, "disks") == 0)
		return err_set(
			e, EXIT_USAGE,
			"migration.%s needs a VM that moves with a disk of its own: set its disk and [storage] kind = copy",
			f->key);
	return err_set(e, EXIT_CANNOT, "migration.%s needs KVM, and guests run without it here", f->key);
}

static int level_check(const struct feature_set *set, struct err *e)
{
	enum { ZLIB = 1, ZSTD };
	if (set->zlib_level && set->parallel_compression != ZLIB)
		return err_set(e, EXIT_USAGE, "migration.zlib_level needs migration.parallel_compression = zlib");
	if (set->zstd_level && set->parallel_compression != ZSTD)
		return err_set(e, EXIT_USAGE, "migration.zstd_level needs migration.parallel_compression = zstd");
	return 0;
}

static int set_check(const struct feature_set *set, const struct feature_host *host, struct err *e)
{
	for (const struct feature *f = features; f->key; f++)
		if (feature_is_asked(f, set) && row_check(f, set, host, e) < 0)
			return -1;
	return level_check(set, e);
}

int feature_check(const struct feature_set *set, const struct feature_also *also, bool disks, struct err *e)
{
	const struct feature_host any = { .kvm = true, .postcopy = also->postcopy, .disks = disks };
	for (const struct feature *f = features; f->key; f++)
		if (f->also && unit_check(f, feature_value(f->also, also), e) < 0)
			return -1;
	return set_check(set, &any, e);
}

int feature_check_host(const struct feature_set *set, const struct feature_host *host, struct err *e)
{
	char reason[160];
	if (set_check(set, host, e) < 0)
		return -1;
	for (const struct feature *f = features; f->key; f++)
		if (feature_is_asked(f, set) && (!f->needs_above || is_needy(f, set)) &&
		    feature_available(f, host, reason, sizeof(reason)) == FEATURE_NO)
			return err_set(e, EXIT_CANNOT, "migration.%s cannot be had here: %s", f->key, reason);
	return 0;
}

int feature_parse(const char *text, struct feature_set *set, struct err *e)
{
	struct feature_set parsed = *set;
	char item[OPTION_STRING_ROOM];
	if (strcmp(text, "none") == 0 || !*text)
		return 0;
	for (const char *next = text; next; next = strchr(next, '+') ? strchr(next, '+') + 1 : NULL) {
		size_t length = strcspn(next, "+");
		if (length >= sizeof(item))
			return err_set(e, EXIT_USAGE, "a feature in '%s' is too long", text);
		memcpy(item, next, length);
		item[length] = '\0';
		char *value = strchr(item, '=');
		if (value)
			*value++ = '\0';
		if (option_set(feature_rows, &parsed, item, value ? value : "yes", e) < 0)
			return -1;
	}
	*set = parsed;
	return 0;
}
