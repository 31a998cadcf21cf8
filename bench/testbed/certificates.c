#include "bench/testbed/certificates.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPENSSL "/usr/bin/openssl"
#define DEADLINE_NS (30 * NS_PER_S)

enum { PATH_ROOM = 400 };

int certificates_there(const struct node *node, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/etc/pki", node->state_directory);
	return access(buffer, F_OK) == 0;
}

/* What openssl is to put into a certificate. */
static int request_write(const char *path, const char *name, const char *extensions, struct err *e)
{
	FILE *f = fopen(path, "we");
	if (!f)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	fprintf(f,
	        "[req]\ndistinguished_name = name\nprompt = no\nx509_extensions = use\n[name]\nCN = %s\n[use]\n%s\n",
	        name, extensions);
	if (fclose(f) != 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	return 0;
}

/* A new key and its certificate: signed by the authority in ca_directory, or (NULL) by itself. */
static int issue(const char *request, const char *key, const char *certificate, const char *ca_directory,
                 struct err *e)
{
	char ca[PATH_ROOM + 16], ca_key[PATH_ROOM + 16];
	snprintf(ca, sizeof(ca), "%s/ca-cert.pem", ca_directory ? ca_directory : "");
	snprintf(ca_key, sizeof(ca_key), "%s/ca-key.pem", ca_directory ? ca_directory : "");
	const char *argv[] = { OPENSSL,
		               "req",
		               "-x509",
		               "-newkey",
		               "ec",
		               "-pkeyopt",
		               "ec_paramgen_curve:prime256v1",
		               "-nodes",
		               "-days",
		               "30",
		               "-config",
		               request,
		               "-keyout",
		               key,
		               "-out",
		               certificate,
		               ca_directory ? "-CA" : NULL,
		               ca,
		               "-CAkey",
		               ca_key,
		               NULL };
	return process_run(NULL, argv, DEADLINE_NS, NULL, 0, e);
}

static int file_link(const char *directory, const char *from, const char *to, struct err *e)
{
	char target[PATH_ROOM + 32], path[PATH_ROOM + 32];
	snprintf(target, sizeof(target), "%s/%s", directory, from);
	snprintf(path, sizeof(path), "%s/%s", directory, to);
	return link(target, path) < 0 ? err_errno(e, EXIT_CANNOT, "cannot link '%s' to '%s'", path, target) : 0;
}

static int node_make(const struct node *node, const char *ca_directory, struct err *e)
{
	char pki[PATH_ROOM], request[PATH_ROOM + 32], key[PATH_ROOM + 32], certificate[PATH_ROOM + 32],
		extensions[300];
	char ca[PATH_ROOM + 32], own_ca[PATH_ROOM + 32];
	certificates_there(node, pki, sizeof(pki));
	if (mkdir(pki, 0700) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", pki);
	snprintf(request, sizeof(request), "%s/request.conf", pki);
	snprintf(key, sizeof(key), "%s/server-key.pem", pki);
	snprintf(certificate, sizeof(certificate), "%s/server-cert.pem", pki);
	snprintf(ca, sizeof(ca), "%s/ca-cert.pem", ca_directory);
	snprintf(own_ca, sizeof(own_ca), "%s/ca-cert.pem", pki);
	snprintf(extensions, sizeof(extensions),
	         "basicConstraints = critical,CA:FALSE\nkeyUsage = critical,digitalSignature\n"
	         "extendedKeyUsage = serverAuth,clientAuth\nsubjectAltName = IP:%s,DNS:mm-%s",
	         node->migration_ip, node->name);
	if (request_write(request, node->name, extensions, e) < 0 ||
	    issue(request, key, certificate, ca_directory, e) < 0)
		return -1;
	if (link(ca, own_ca) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot link '%s' to '%s'", own_ca, ca);
	/* Each node is the server of one migration and the client of another. */
	return file_link(pki, "server-key.pem", "client-key.pem", e) < 0 ||
	                       file_link(pki, "server-cert.pem", "client-cert.pem", e) < 0
	               ? -1
	               : 0;
}

int certificates_make(const struct node *nodes, int count, const char *directory, struct err *e)
{
	char ca[PATH_ROOM], request[PATH_ROOM + 32], key[PATH_ROOM + 32], certificate[PATH_ROOM + 32];
	if (access(OPENSSL, X_OK) < 0)
		return err_set(e, EXIT_CANNOT, "TLS needs '%s' (package openssl) for its certificates", OPENSSL);
	snprintf(ca, sizeof(ca), "%s/ca", directory);
	snprintf(request, sizeof(request), "%s/request.conf", ca);
	snprintf(key, sizeof(key), "%s/ca-key.pem", ca);
	snprintf(certificate, sizeof(certificate), "%s/ca-cert.pem", ca);
	if (mkdir(ca, 0700) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", ca);
	if (request_write(request, "migmeter testbed",
	                  "basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign", e) < 0 ||
	    issue(request, key, certificate, NULL, e) < 0)
		return -1;
	for (int i = 0; i < count; i++)
		if (node_make(&nodes[i], ca, e) < 0)
			return err_prefix(e, "certificates of node '%s'", nodes[i].name);
	return 0;
}
