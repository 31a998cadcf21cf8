#include "bench/migrate/rescue.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/qmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_NS (2 * NS_PER_S) /* of one that is not stuck */

enum { PORT = 49100 }; /* where the URI has none: below libvirt's own */

struct rescue {
	struct rescue_spec spec;
	struct qmp *source, *destination;
};

int rescue_uris(struct rescue_spec *spec, const char *uri, const char *listen_ip)
{
	char host[40];
	int port = PORT;
	if (sscanf(uri, "tcp://%39[0-9.]:%d", host, &port) < 1)
		return 0;
	snprintf(spec->connect_uri, sizeof(spec->connect_uri), "tcp:%s:%d", host, port);
	snprintf(spec->listen_uri, sizeof(spec->listen_uri), "tcp:%s:%d", listen_ip ? listen_ip : host, port);
	return 1;
}

int rescue_open(struct rescue **ret, const struct rescue_spec *spec, struct err *e)
{
	struct rescue *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, EXIT_CANNOT, "no memory for two monitors");
	r->spec = *spec;
	if (qmp_open_oob(&r->destination, spec->destination_monitor, e) < 0 ||
	    qmp_open(&r->source, spec->source_monitor, e) < 0) {
		rescue_close(r);
		return -1;
	}
	*ret = r;
	return 0;
}

void rescue_close(struct rescue *r)
{
	if (!r)
		return;
	qmp_close(r->source);
	qmp_close(r->destination);
	free(r);
}

int rescue_try(struct rescue *r, struct err *e)
{
	char listen[96], connect[112];
	snprintf(listen, sizeof(listen), "{\"uri\":\"%s\"}", r->spec.listen_uri);
	snprintf(connect, sizeof(connect), "{\"uri\":\"%s\",\"resume\":true}", r->spec.connect_uri);
	qmp_patience(r->destination, ANSWER_NS);
	if (qmp_execute(r->destination, "query-status", NULL, NULL) == 0)
		return 0;
	if (qmp_execute_oob(r->destination, "migrate-recover", listen, e) < 0 ||
	    qmp_execute(r->source, "migrate", connect, e) < 0)
		return -1;
	return 1;
}
