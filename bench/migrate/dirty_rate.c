#include "bench/migrate/dirty_rate.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <math.h>

#define MIB 1048576.0

double dirty_rate_of(int64_t mib_per_s)
{
	return mib_per_s < 0 ? NAN : ((double)mib_per_s + 0.5) * MIB;
}

#if LIBVIR_VERSION_NUMBER >= 7002000

int dirty_rate_begin(virConnectPtr connection, const char *vm, int64_t length_ns, struct err *e)
{
	int64_t seconds = length_ns / NS_PER_S;
	virDomainPtr domain = virDomainLookupByName(connection, vm);
	if (!domain)
		return hypervisor_error(e, "cannot find '%s'", vm);
	int result = virDomainStartDirtyRateCalc(domain, seconds < 1 ? 1 : seconds > 60 ? 60 : (int)seconds, 0);
	virDomainFree(domain);
	return result < 0 ? hypervisor_error(e, "cannot measure how '%s' dirties its memory", vm) : 0;
}

double dirty_rate_read(virConnectPtr connection, const char *vm)
{
	double rate = NAN;
	virDomainStatsRecordPtr *records = NULL;
	virDomainPtr domain = virDomainLookupByName(connection, vm), domains[] = { domain, NULL };
	if (domain && virDomainListGetStats(domains, VIR_DOMAIN_STATS_DIRTYRATE, &records, 0) == 1) {
		int status = VIR_DOMAIN_DIRTYRATE_UNSTARTED;
		long long mib_per_s = -1;
		virTypedParamsGetInt(records[0]->params, records[0]->nparams, "dirtyrate.calc_status", &status);
		virTypedParamsGetLLong(records[0]->params, records[0]->nparams, "dirtyrate.megabytes_per_second",
		                       &mib_per_s);
		if (status == VIR_DOMAIN_DIRTYRATE_MEASURED)
			rate = dirty_rate_of(mib_per_s);
	}
	if (records)
		virDomainStatsRecordListFree(records);
	if (domain)
		virDomainFree(domain);
	return rate;
}

#else

int dirty_rate_begin(virConnectPtr connection, const char *vm, int64_t length_ns, struct err *e)
{
	(void)connection, (void)vm, (void)length_ns;
	return err_set(e, EXIT_CANNOT, "libvirt is older than 7.2.0, which first asks for dirty rates");
}

double dirty_rate_read(virConnectPtr connection, const char *vm)
{
	(void)connection, (void)vm;
	return NAN;
}

#endif
