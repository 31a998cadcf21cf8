#include "bench/migrate/domain_xml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
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
		default:
			fputc(*text, out);
		}
}

/* <name>TEXT</name> */
static void element(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<%s>", name);
	escaped(out, text);
	fprintf(out, "</%s>\n", name);
}

static void uuid_print(FILE *out, const unsigned char *uuid)
{
	fputs("<uuid>", out);
	for (int i = 0; i < 16; i++)
		fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	fputs("</uuid>\n", out);
}

static void cpu_print(FILE *out, const struct domain_spec *spec)
{
	if (spec->kvm)
		/* migratable: what would not survive a move, an invariant TSC for one, is left out */
		fputs("<cpu mode='host-passthrough' migratable='on'/>\n", out);
	else
		fputs("<cpu mode='custom' match='exact' check='none'><model fallback='allow'>qemu64</model></cpu>\n",
		      out);
	if (spec->core < 0)
		return;
	fputs("<cputune>", out);
	for (int i = 0; i < spec->vcpus; i++)
		fprintf(out, "<vcpupin vcpu='%d' cpuset='%d'/>", i, spec->core);
	fprintf(out, "<emulatorpin cpuset='%d'/></cputune>\n", spec->core);
}

static void devices_print(FILE *out, const struct domain_spec *spec)
{
	fputs("<devices>\n<controller type='usb' model='none'/>\n<memballoon model='none'/>\n", out);
	for (int i = 0; i < spec->nic_count; i++) {
		fprintf(out,
			"<interface type='bridge'><mac address='%s'/><source bridge='%s'/><model type='virtio'/>"
			"<rom enabled='no'/></interface>\n",
			spec->nics[i].mac, spec->nics[i].bridge);
	}
	for (int i = 0; i < spec->disk_count; i++) {
		const struct domain_disk *d = &spec->disks[i];
		fputs("<disk type='network' device='disk'><driver name='qemu' type='raw' cache='none'/>\n"
		      "<source protocol='iscsi' name='",
		      out);
		escaped(out, d->target);
		fprintf(out, "/%d'><host name='%s' port='%d'/></source>\n<target dev='vd%c' bus='virtio'/></disk>\n",
			d->lun, d->host, d->port, 'a' + i);
	}
	fputs("<serial type='file'><source path='", out);
	escaped(out, spec->console_path);
	fputs("' append='on'/><target port='0'/></serial>\n</devices>\n", out);
}

char *domain_xml(const struct domain_spec *spec)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "<domain type='%s'>\n", spec->kvm ? "kvm" : "qemu");
	element(out, "name", spec->name);
	uuid_print(out, spec->uuid);
	fprintf(out, "<memory unit='b'>%lld</memory>\n<vcpu>%d</vcpu>\n", (long long)spec->memory_bytes, spec->vcpus);
	fputs("<os><type arch='x86_64' machine='pc'>hvm</type>\n", out);
	element(out, "kernel", spec->kernel);
	element(out, "initrd", spec->initrd);
	element(out, "cmdline", spec->arguments);
	fputs("</os>\n<features><acpi/></features>\n", out);
	cpu_print(out, spec);
	fputs("<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>\n", out);
	devices_print(out, spec);
	fputs("</domain>\n", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
