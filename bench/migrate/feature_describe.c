/* A row of the feature table in words. Declared in feature.h. */
#include "bench/migrate/feature.h"

#include "bench/migrate/hypervisor.h"

#include <stdio.h>

static void ask_print(FILE *out, const struct feature *f)
{
	char since[32];
	if (!f->libvirt_since && f->global)
		fprintf(out, "past libvirt, as QEMU's migration.%s", f->global);
	if (!f->libvirt_since)
		return;
	fprintf(out, "libvirt %s", libvirt_version_format(f->libvirt_since, since, sizeof(since)));
	if (f->param)
		fprintf(out, " by %s", f->param);
	else if (f->flag || f->choice_flags[1])
		fputs(" by a flag", out);
	if (f->global)
		fprintf(out, ", past an older one as QEMU's migration.%s", f->global);
}

static void qemu_print(FILE *out, const struct feature *f)
{
	char version[32];
	if (f->qemu_since)
		fprintf(out, "; QEMU %s", libvirt_version_format(f->qemu_since, version, sizeof(version)));
	if (f->qemu_gone)
		fprintf(out, ", gone in %s", libvirt_version_format(f->qemu_gone, version, sizeof(version)));
}

static void read_back_print(FILE *out, const struct feature *f)
{
	fputs("; read back from ", out);
	if (f->capability)
		fprintf(out, "capability %s", f->capability);
	if (f->parameter)
		fprintf(out, "%sparameter %s", f->capability ? " and " : "", f->parameter);
	if (f->job)
		fprintf(out, "the completed job's %s", f->job);
	if (f->unread)
		fprintf(out, "nothing: %s", f->unread);
}

void feature_describe(const struct feature *f, FILE *out)
{
	ask_print(out, f);
	qemu_print(out, f);
	if (f->needs)
		fprintf(out, "; needs %s", f->needs);
	if (f->excludes)
		fprintf(out, "; not with %s", f->excludes);
	read_back_print(out, f);
}
