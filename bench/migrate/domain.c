/* The guests of a hypervisor: start, stop, look at. Declared in hypervisor.h. */
#include "bench/migrate/hypervisor.h"

#include "bench/base/err.h"

#include <json-c/json.h>
#include <libvirt/virterror.h>
#include <stdlib.h>

static bool error_is(int code)
{
	virErrorPtr error = virGetLastError();
	return error && error->code == code;
}

/* The guest, or NULL with e filled. */
static virDomainPtr domain_get(const struct hypervisor *h, const char *name, struct err *e)
{
	virDomainPtr domain = virDomainLookupByName(h->connection, name);
	if (!domain)
		err_libvirt(e, "no guest '%s' on node '%s'", name, h->node);
	return domain;
}

int hypervisor_domain_start(const struct hypervisor *h, const char *xml, struct err *e)
{
	virDomainPtr domain = virDomainCreateXML(h->connection, xml, 0);
	if (!domain)
		return err_libvirt(e, "cannot start a guest on node '%s'", h->node);
	virDomainFree(domain);
	return 0;
}

int hypervisor_domain_destroy(const struct hypervisor *h, const char *name, struct err *e)
{
	virDomainPtr domain = virDomainLookupByName(h->connection, name);
	if (!domain) {
		if (error_is(VIR_ERR_NO_DOMAIN))
			return 0;
		return err_libvirt(e, "cannot look for guest '%s' on node '%s'", name, h->node);
	}
	int ret = 0;
	/* It may end by itself meanwhile: then it is gone, or (made persistent by a migration) not running. */
	if (virDomainDestroy(domain) < 0 && !error_is(VIR_ERR_NO_DOMAIN) && !error_is(VIR_ERR_OPERATION_INVALID))
		ret = err_libvirt(e, "cannot end guest '%s' on node '%s'", name, h->node);
	else if (virDomainIsPersistent(domain) == 1 && virDomainUndefine(domain) < 0)
		ret = err_libvirt(e, "cannot undefine guest '%s' on node '%s'", name, h->node);
	virDomainFree(domain);
	return ret;
}

int hypervisor_domain_suspend(const struct hypervisor *h, const char *name, struct err *e)
{
	virDomainPtr domain = domain_get(h, name, e);
	if (!domain)
		return -1;
	int ret = virDomainSuspend(domain) < 0 ? err_libvirt(e, "cannot suspend guest '%s' on node '%s'", name, h->node) : 0;
	virDomainFree(domain);
	return ret;
}

int hypervisor_domain_resume(const struct hypervisor *h, const char *name, struct err *e)
{
	virDomainPtr domain = domain_get(h, name, e);
	if (!domain)
		return -1;
	int ret = virDomainResume(domain) < 0 ? err_libvirt(e, "cannot resume guest '%s' on node '%s'", name, h->node) : 0;
	virDomainFree(domain);
	return ret;
}

int hypervisor_domain_active(const struct hypervisor *h, const char *name, struct err *e)
{
	virDomainPtr domain = virDomainLookupByName(h->connection, name);
	if (!domain) {
		if (error_is(VIR_ERR_NO_DOMAIN))
			return 0;
		return err_libvirt(e, "cannot look for guest '%s' on node '%s'", name, h->node);
	}
	int active = virDomainIsActive(domain);
	virDomainFree(domain);
	return active < 0 ? 0 : active; /* it went between the two calls */
}

int hypervisor_domain_document(const struct hypervisor *h, const char *name, char **ret, struct err *e)
{
	virDomainPtr domain = domain_get(h, name, e);
	if (!domain)
		return -1;
	char *xml = virDomainGetXMLDesc(domain, 0);
	virDomainFree(domain);
	if (!xml)
		return err_libvirt(e, "cannot read the document of guest '%s' on node '%s'", name, h->node);
	*ret = xml;
	return 0;
}

static struct json_object *cores_of(const unsigned char *map, int host_cpus)
{
	struct json_object *cores = json_object_new_array();
	for (int i = 0; i < host_cpus; i++)
		if (map[i / 8] & 1 << i % 8)
			json_object_array_add(cores, json_object_new_int(i));
	return cores;
}

static void facts_add_cores(struct json_object *facts, virDomainPtr domain, int host_cpus)
{
	int map_bytes = VIR_CPU_MAPLEN(host_cpus);
	int vcpus = virDomainGetVcpusFlags(domain, VIR_DOMAIN_AFFECT_LIVE);
	if (vcpus <= 0)
		return;
	unsigned char *maps = calloc((size_t)vcpus, (size_t)map_bytes);
	if (!maps)
		return;
	int filled = virDomainGetVcpuPinInfo(domain, vcpus, maps, map_bytes, VIR_DOMAIN_AFFECT_LIVE);
	if (filled >= 0) {
		struct json_object *all = json_object_new_array();
		for (int i = 0; i < filled; i++)
			json_object_array_add(all, cores_of(VIR_GET_CPUMAP(maps, map_bytes, i), host_cpus));
		json_object_object_add(facts, "vcpu_cores", all);
	}
	if (virDomainGetEmulatorPinInfo(domain, maps, map_bytes, VIR_DOMAIN_AFFECT_LIVE) >= 0)
		json_object_object_add(facts, "emulator_cores", cores_of(maps, host_cpus));
	free(maps);
}

int hypervisor_domain_facts(const struct hypervisor *h, const char *name, struct json_object **ret, struct err *e)
{
	int host_cpus = virNodeGetCPUMap(h->connection, NULL, NULL, 0);
	if (host_cpus <= 0)
		return err_libvirt(e, "cannot count the CPUs of node '%s'", h->node);
	virDomainPtr domain = domain_get(h, name, e);
	if (!domain)
		return -1;
	struct json_object *facts = json_object_new_object();
	facts_add_cores(facts, domain, host_cpus);
	char **messages = NULL;
	int count = virDomainGetMessages(domain, &messages, VIR_DOMAIN_MESSAGE_TAINTING);
	struct json_object *tainted = json_object_new_array();
	for (int i = 0; i < count; i++) {
		json_object_array_add(tainted, json_object_new_string(messages[i]));
		free(messages[i]);
	}
	free(messages);
	json_object_object_add(facts, "tainted", tainted);
	virDomainFree(domain);
	*ret = facts;
	return 0;
}
