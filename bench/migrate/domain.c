/* The guests of a hypervisor: start, stop, look at. Declared in hypervisor.h. */
#include "bench/migrate/hypervisor.h"

#include "bench/base/err.h"

#include <json-c/json.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdlib.h>

static bool error_is(int code)
{
	virErrorPtr error = virGetLastError();
	return error && error->code == code;
}

/* The guest, or NULL with e filled. */
static virDomainPtr domain_get(virConnectPtr connection, const char *name, struct err *e)
{
	virDomainPtr domain = virDomainLookupByName(connection, name);
	if (!domain)
		hypervisor_error(e, "no guest '%s'", name);
	return domain;
}

struct json_object *hypervisor_ask(virDomainPtr domain, const char *command, struct err *e)
{
	char *answer = NULL;
	struct json_object *root = NULL, *value = NULL;
	if (virDomainQemuMonitorCommand(domain, command, &answer, 0) < 0)
		hypervisor_error(e, "cannot ask QEMU");
	else if (answer)
		root = json_tokener_parse(answer);
	if (json_object_object_get_ex(root, "return", &value))
		json_object_get(value);
	else if (root)
		err_set(e, EXIT_CANNOT, "QEMU refuses: %.200s", answer);
	json_object_put(root);
	free(answer);
	return value;
}

int hypervisor_start_domain(virConnectPtr connection, const char *xml, struct err *e)
{
	virDomainPtr domain = virDomainCreateXML(connection, xml, 0);
	if (!domain)
		return hypervisor_error(e, "cannot start a guest");
	virDomainFree(domain);
	return 0;
}

int hypervisor_destroy_domain(virConnectPtr connection, const char *name, struct err *e)
{
	virDomainPtr domain = virDomainLookupByName(connection, name);
	if (!domain) {
		if (error_is(VIR_ERR_NO_DOMAIN))
			return 0;
		return hypervisor_error(e, "cannot look for guest '%s'", name);
	}
	int ret = 0;
	/* It may end by itself meanwhile: then it is gone, or (made persistent by a migration) not running. */
	if (virDomainDestroy(domain) < 0 && !error_is(VIR_ERR_NO_DOMAIN) && !error_is(VIR_ERR_OPERATION_INVALID))
		ret = hypervisor_error(e, "cannot end guest '%s'", name);
	else if (virDomainIsPersistent(domain) == 1 && virDomainUndefine(domain) < 0)
		ret = hypervisor_error(e, "cannot undefine guest '%s'", name);
	virDomainFree(domain);
	return ret;
}

int hypervisor_suspend_domain(virConnectPtr connection, const char *name, struct err *e)
{
	virDomainPtr domain = domain_get(connection, name, e);
	if (!domain)
		return -1;
	int ret = virDomainSuspend(domain) < 0 ? hypervisor_error(e, "cannot suspend guest '%s'", name) : 0;
	virDomainFree(domain);
	return ret;
}

int hypervisor_resume_domain(virConnectPtr connection, const char *name, struct err *e)
{
	virDomainPtr domain = domain_get(connection, name, e);
	if (!domain)
		return -1;
	int ret = virDomainResume(domain) < 0 ? hypervisor_error(e, "cannot resume guest '%s'", name) : 0;
	virDomainFree(domain);
	return ret;
}

int hypervisor_domain_active(virConnectPtr connection, const char *name, struct err *e)
{
	virDomainPtr domain = virDomainLookupByName(connection, name);
	if (!domain) {
		if (error_is(VIR_ERR_NO_DOMAIN))
			return 0;
		return hypervisor_error(e, "cannot look for guest '%s'", name);
	}
	int active = virDomainIsActive(domain);
	virDomainFree(domain);
	return active < 0 ? 0 : active; /* it went between the two calls */
}

int hypervisor_domain_document(virConnectPtr connection, const char *name, char **ret, struct err *e)
{
	virDomainPtr domain = domain_get(connection, name, e);
	if (!domain)
		return -1;
	char *xml = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_MIGRATABLE);
	virDomainFree(domain);
	if (!xml)
		return hypervisor_error(e, "cannot read the document of guest '%s'", name);
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

int hypervisor_domain_facts(virConnectPtr connection, const char *name, struct json_object **ret, struct err *e)
{
	int host_cpus = virNodeGetCPUMap(connection, NULL, NULL, 0);
	if (host_cpus <= 0)
		return hypervisor_error(e, "cannot count the host's CPUs");
	virDomainPtr domain = domain_get(connection, name, e);
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
