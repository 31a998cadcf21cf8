#include "bench/migrate/domain_xml.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void domain_uuid(uint64_t run_id, int index, unsigned char uuid[16])
{
	memset(uuid, 0, 16);
	/* Version and variant sit in the upper bits of bytes 6 and 8, which are left free. */
	for (int i = 0; i < 6; i++)
		uuid[i] = (unsigned char)(run_id >> (56 - 8 * i));
	uuid[6] = 0x80;
	uuid[8] = 0x80;
	uuid[9] = (unsigned char)(run_id >> 8);
	uuid[10] = (unsigned char)run_id;
	uuid[14] = (unsigned char)((unsigned)index >> 8);
	uuid[15] = (unsigned char)index;
}

bool domain_uuid_is_ours(const unsigned char uuid[16])
{
	return uuid[6] == 0x80 && uuid[7] == 0 && uuid[8] == 0x80 && !uuid[11] && !uuid[12] && !uuid[13];
}

/* Text as content, or as an attribute in either kind of quotes. */
static void escaped(FILE *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		switch (*c) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&apos;", out);
			break;
		case '\t':
		case '\n':
		case '\r':
			fprintf(out, "&#%d;", *c); /* as such they would be read back as blanks */
			break;
		default:
			fputc(*c < ' ' ? '?' : *c, out);
		}
}

/* <NAME>TEXT</NAME>; nothing when there is no text. */
static void element(FILE *out, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(out, "<%s>", name);
	escaped(out, text);
	fprintf(out, "</%s>\n", name);
}

/* NAME='TEXT' after a blank; nothing when there is no text. */
static void attribute(FILE *out, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(out, " %s='", name);
	escaped(out, text);
	fputc('\'', out);
}

static void uuid_print(FILE *out, const unsigned char *uuid)
{
	fputs("<uuid>", out);
	for (int i = 0; i < 16; i++)
		fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	fputs("</uuid>\n", out);
}

static void memory_print(FILE *out, const struct domain_spec *spec)
{
	fprintf(out, "<memory unit='b'>%" PRId64 "</memory>\n", spec->memory_bytes);
	if (spec->lock_bytes)
		fprintf(out, "<memtune><hard_limit unit='b'>%" PRId64 "</hard_limit></memtune>\n", spec->lock_bytes);
	/* Pages that the host merged would cost more to dirty than others. */
	fputs("<memoryBacking><nosharepages/></memoryBacking>\n", out);
}

static void cpu_print(FILE *out, const struct domain_spec *spec)
{
	const char *cpu = spec->cpu ? spec->cpu : spec->kvm ? "host-passthrough" : "qemu64";
	fprintf(out, "<vcpu placement='static'>%d</vcpu>\n", spec->vcpus);
	if (strcmp(cpu, "host-passthrough") == 0 || strcmp(cpu, "maximum") == 0) {
		fprintf(out, "<cpu mode='%s' check='none' migratable='on'/>\n", cpu);
	} else if (strcmp(cpu, "host-model") == 0) {
		fputs("<cpu mode='host-model' check='partial'/>\n", out);
	} else {
		fputs("<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>", out);
		escaped(out, cpu);
		fputs("</model></cpu>\n", out);
	}
	if (!spec->cores)
		return;
	fputs("<cputune>", out);
	for (int i = 0; i < spec->vcpus; i++)
		fprintf(out, "<vcpupin vcpu='%d' cpuset='%s'/>", i, spec->cores);
	fprintf(out, "<emulatorpin cpuset='%s'/></cputune>\n", spec->cores);
}

static void features_print(FILE *out, const struct domain_spec *spec)
{
	fputs("<features><acpi/><apic/>", out);
	if (spec->dirty_ring_pages)
		fprintf(out, "<kvm><dirty-ring state='on' size='%" PRId64 "'/></kvm>", spec->dirty_ring_pages);
	fputs("</features>\n", out);
}

static void disk_source_print(FILE *out, const struct domain_disk *disk)
{
	fputs("<source", out);
	if (!disk->host) {
		attribute(out, "file", disk->target);
		fputs("/>\n", out);
		return;
	}
	if (disk->lun == DISK_NBD) {
		fputs(" protocol='nbd'", out);
		attribute(out, "name", disk->target);
	} else {
		fputs(" protocol='iscsi' name='", out);
		escaped(out, disk->target);
		fprintf(out, "/%d'", disk->lun);
	}
	fputs("><host", out);
	attribute(out, "name", disk->host);
	fprintf(out, " port='%d'/></source>\n", disk->port);
}

static void disk_print(FILE *out, const struct domain_spec *spec, int index)
{
	const struct domain_disk *disk = &spec->disks[index];
	fprintf(out, "<disk type='%s' device='disk'><driver name='qemu' type='%s' cache='none'/>\n",
	        disk->host ? "network" : "file", disk->qcow2 ? "qcow2" : "raw");
	disk_source_print(out, disk);
	fprintf(out, "<target dev='vd%c' bus='virtio'/>%s%s</disk>\n", 'a' + index,
	        spec->disks_readonly >> index & 1 ? "<readonly/>" : "",
	        spec->disks_shareable >> index & 1 ? "<shareable/>" : "");
}

static void devices_print(FILE *out, const struct domain_spec *spec)
{
	fputs("<devices>\n<controller type='usb' model='none'/>\n<memballoon model='none'/>\n", out);
	for (int i = 0; i < spec->nic_count; i++) {
		fputs("<interface type='bridge'><mac", out);
		attribute(out, "address", spec->nics[i].mac);
		fputs("/><source", out);
		attribute(out, "bridge", spec->nics[i].bridge);
		fputs("/>", out);
		if (spec->nics[i].openvswitch)
			fputs("<virtualport type='openvswitch'/>", out);
		fputs("<model type='virtio'/>", out);
		if (spec->nics[i].openvswitch)
			fputs("<driver><host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'/>"
			      "<guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/></driver>",
			      out);
		fputs("<rom enabled='no'/></interface>\n", out);
	}
	for (int i = 0; i < spec->disk_count; i++)
		disk_print(out, spec, i);
	if (spec->console_path) {
		fputs("<serial type='file'><source", out);
		attribute(out, "path", spec->console_path);
		fputs(" append='on'/><target port='0'/></serial>\n", out);
	}
	fputs("</devices>\n", out);
}

/* An argument for QEMU itself. */
static void argument_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void argument_print(FILE *out, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs("<qemu:arg", out);
	attribute(out, "value", text);
	fputs("/>\n", out);
}

/* A block of our own as the machine's memory; libvirt's stays unused, and QEMU moves only what is used. */
static void uneven_memory_print(FILE *out, const struct domain_spec *spec)
{
	long long bytes = (spec->memory_bytes & ~INT64_C(0xfffff)) + 8192;
	argument_print(out, "-m");
	argument_print(out, "%lldk", bytes >> 10);
	argument_print(out, "-object");
	argument_print(out, "memory-backend-ram,id=uneven.ram,size=%lld", bytes);
	argument_print(out, "-machine");
	argument_print(out, "memory-backend=uneven.ram");
}

static bool has_arguments(const struct domain_spec *spec)
{
	return spec->global_count || spec->uneven_memory || spec->monitor_path;
}

static void arguments_print(FILE *out, const struct domain_spec *spec)
{
	if (!has_arguments(spec))
		return;
	fputs("<qemu:commandline>\n", out);
	if (spec->uneven_memory)
		uneven_memory_print(out, spec);
	if (spec->monitor_path) {
		argument_print(out, "-qmp");
		argument_print(out, "unix:%s,server=on,wait=off", spec->monitor_path);
	}
	for (int i = 0; i < spec->global_count; i++) {
		argument_print(out, "-global");
		argument_print(out, "%s", spec->globals[i]);
	}
	fputs("</qemu:commandline>\n", out);
}

char *domain_xml(const struct domain_spec *spec)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "<domain type='%s'%s>\n", spec->kvm ? "kvm" : "qemu",
	        has_arguments(spec) ? " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'" : "");
	element(out, "name", spec->name);
	uuid_print(out, spec->uuid);
	memory_print(out, spec);
	fputs("<os><type arch='x86_64' machine='pc'>hvm</type>\n", out);
	element(out, "kernel", spec->kernel);
	element(out, "initrd", spec->initrd);
	element(out, "cmdline", spec->arguments);
	fputs("</os>\n", out);
	features_print(out, spec);
	cpu_print(out, spec);
	fputs("<clock offset='utc'/>\n", out);
	fputs("<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>\n", out);
	devices_print(out, spec);
	arguments_print(out, spec);
	fputs("</domain>\n", out);
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* Where the value of the attribute cpuset begins in the element that begins at `element`; NULL: it has none. */
static const char *cpuset_of(const char *element)
{
	static const char attribute[] = " cpuset='";
	const char *end = strchr(element, '>'), *found = strstr(element, attribute);
	return end && found && found < end ? found + strlen(attribute) : NULL;
}

char *domain_xml_repinned(const char *document, int core)
{
	static const char *const pinned[] = { "<vcpupin ", "<emulatorpin ", "<iothreadpin " };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (const char *c = document; *c;) {
		const char *cores = NULL;
		for (size_t i = 0; i < sizeof(pinned) / sizeof(*pinned) && !cores; i++)
			cores = strncmp(c, pinned[i], strlen(pinned[i])) == 0 ? cpuset_of(c) : NULL;
		if (cores) {
			fwrite(c, 1, (size_t)(cores - c), out);
			fprintf(out, "%d", core);
			c = cores + strcspn(cores, "'");
		} else {
			fputc(*c++, out);
		}
	}
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
