#include "bench/testbed/node.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/undo.h"
#include "bench/base/unix_socket.h"
#include "bench/testbed/certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Directories a libvirtd and its QEMUs write to, and where the node's own ones live below its state directory. */
static const struct {
	const char *own, *seen_as;
} node_directories[] = {
	{ "run", "/run" },
	{ "etc", "/etc/libvirt" },
	{ "lib", "/var/lib/libvirt" },
	{ "cache", "/var/cache/libvirt" },
	{ "log", "/var/log/libvirt" },
};
enum { DIRECTORY_COUNT = sizeof(node_directories) / sizeof(node_directories[0]) };

/*
 * libvirt's QEMU driver refuses to start where the user libvirt-qemu does not exist, whatever qemu.conf says, and
 * the daemon's package alone does not make it. Such a node sees account files with that user, and nobody else does.
 */
#define QEMU_USER "libvirt-qemu"
static const struct {
	const char *name, *seen_as, *line;
} account_files[] = {
	{ "passwd", "/etc/passwd", QEMU_USER ":x:64055:64055::/nonexistent:/usr/sbin/nologin\n" },
	{ "group", "/etc/group", QEMU_USER ":x:64055:\n" },
};
enum { ACCOUNT_FILES = sizeof(account_files) / sizeof(account_files[0]) };

#define OTHER_QEMU "/usr/bin/qemu-system-i386"

struct process_place node_place(const struct node *node)
{
	return (struct process_place){
		.netns = node->netns_path,
		.mntns = node->mntns_path[0] ? node->mntns_path : NULL,
		.utsns = node->utsns_path[0] ? node->utsns_path : NULL,
		.core = node->core + 1,
	};
}

/* In the holder: everything between fork and pause; reports through the pipe, an empty message is success. */
static void holder_main(const struct node *node, int pipe_fd) __attribute__((noreturn));

static int holder_prepare(const struct node *node, struct err *e)
{
	struct process_place place = { .netns = node->netns_path };
	char own[300];
	if (process_enter(&place, e) < 0)
		return -1;
	if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot unshare mount and UTS namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot make mounts private");
	if (sethostname(node->netns, strlen(node->netns)) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot set host name '%s'", node->netns);
	umount2("/sys", MNT_DETACH);
	if (mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot mount sysfs");
	for (size_t i = 0; i < DIRECTORY_COUNT; i++) {
		snprintf(own, sizeof(own), "%s/%s", node->state_directory, node_directories[i].own);
		if (mount(own, node_directories[i].seen_as, NULL, MS_BIND, NULL) < 0)
			return err_errno(e, EXIT_CANNOT, "cannot mount '%s' on '%s'", own,
			                 node_directories[i].seen_as);
	}
	for (size_t i = 0; i < ACCOUNT_FILES; i++) {
		snprintf(own, sizeof(own), "%s/%s", node->state_directory, account_files[i].name);
		if (access(own, F_OK) == 0 && mount(own, account_files[i].seen_as, NULL, MS_BIND, NULL) < 0)
			return err_errno(e, EXIT_CANNOT, "cannot mount '%s' on '%s'", own, account_files[i].seen_as);
	}
	/* libvirt probes every QEMU it finds, at start and with a second's work each: one is enough. */
	if (access(OTHER_QEMU, F_OK) == 0)
		mount("/dev/null", OTHER_QEMU, NULL, MS_BIND, NULL);
	return 0;
}

static void holder_main(const struct node *node, int pipe_fd)
{
	struct err e = { 0 };
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	if (holder_prepare(node, &e) < 0) {
		ssize_t ignored = write(pipe_fd, e.text, strlen(e.text));
		(void)ignored;
		_exit(1);
	}
	/* The holder outlives its maker when the testbed stays up: it must hold nothing of it open. */
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close_range(3, ~0U, 0);
	for (;;)
		pause();
}

static int holder_start(struct node *node, struct undo *undo, struct err *e)
{
	int pipe_fd[2];
	char text[512];
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot make node '%s'", node->name);
	pid_t pid = fork();
	if (pid == 0) {
		close(pipe_fd[0]);
		holder_main(node, pipe_fd[1]);
	}
	close(pipe_fd[1]);
	if (pid < 0) {
		close(pipe_fd[0]);
		return err_errno(e, EXIT_CANNOT, "cannot make node '%s'", node->name);
	}
	int registered = undo_add_process(undo, pid, e);
	ssize_t n = read(pipe_fd[0], text, sizeof(text) - 1);
	close(pipe_fd[0]);
	if (registered < 0)
		return -1;
	if (n > 0) {
		text[n] = '\0';
		waitpid(pid, NULL, 0);
		return err_set(e, EXIT_CANNOT, "node '%s': %s", node->name, text);
	}
	node->holder = pid;
	snprintf(node->mntns_path, sizeof(node->mntns_path), "/proc/%d/ns/mnt", (int)pid);
	snprintf(node->utsns_path, sizeof(node->utsns_path), "/proc/%d/ns/uts", (int)pid);
	return 0;
}

static int accounts_write(const struct node *node, struct err *e)
{
	char path[300], text[4096];
	if (getpwnam(QEMU_USER) && getgrnam(QEMU_USER))
		return 0;
	for (size_t i = 0; i < ACCOUNT_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", node->state_directory, account_files[i].name);
		FILE *from = fopen(account_files[i].seen_as, "re"), *to = fopen(path, "we");
		while (from && to && fgets(text, sizeof(text), from))
			fputs(text, to);
		int bad = !to || fputs(account_files[i].line, to) < 0;
		if (from)
			fclose(from);
		if ((to && fclose(to) != 0) || bad)
			return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	}
	return 0;
}

int node_create(struct node *node, int own_mounts, struct undo *undo, struct err *e)
{
	char path[300];
	snprintf(node->netns_path, sizeof(node->netns_path), "/run/netns/%s", node->netns);
	if (access(node->netns_path, F_OK) == 0)
		return err_set(e, EXIT_CANNOT, "network namespace '%s' is there already and is not ours: remove it",
		               node->netns);
	if (undo_add(undo, UNDO_NETNS, node->netns, e) < 0 ||
	    process_runf(NULL, e, "ip netns add %s", node->netns) < 0 ||
	    process_runf(NULL, e, "ip -n %s link set lo up", node->netns) < 0)
		return -1;
	struct process_place inside = { .netns = node->netns_path };
	process_runf(&inside, NULL,
	             "sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
	if (mkdir(node->state_directory, 0700) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", node->state_directory);
	if (!own_mounts)
		return 0;
	for (size_t i = 0; i < DIRECTORY_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/%s", node->state_directory, node_directories[i].own);
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_errno(e, EXIT_CANNOT, "cannot create '%s'", path);
		/* The mount points exist wherever libvirt is installed, but for a cache that was never used. */
		if (access(node_directories[i].seen_as, F_OK) < 0 &&
		    (undo_add(undo, UNDO_DIRECTORY, node_directories[i].seen_as, e) < 0 ||
		     mkdir(node_directories[i].seen_as, 0755) < 0))
			return err_prefix(e, "mount point '%s'", node_directories[i].seen_as);
	}
	return accounts_write(node, e) < 0 ? -1 : holder_start(node, undo, e);
}

static int file_write(const char *directory, const char *name, const char *text, struct err *e)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		if (fd >= 0)
			close(fd);
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	}
	close(fd);
	return 0;
}

static int libvirtd_configure(const struct node *node, struct err *e)
{
	unsigned char id[16];
	char etc[300], daemon[700], listen[200] = "";
	snprintf(etc, sizeof(etc), "%s/etc", node->state_directory);
	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return err_errno(e, EXIT_CANNOT, "cannot draw a host UUID");
	/* A UUID of equal digits is refused by libvirt, so mark version 4 as the standard asks. */
	id[6] = (unsigned char)(0x40 | (id[6] & 0x0f));
	id[8] = (unsigned char)(0x80 | (id[8] & 0x3f));
	if (node->peer_uri[0])
		snprintf(listen, sizeof(listen),
		         "listen_tls = 0\nlisten_tcp = 1\nlisten_addr = \"%s\"\nauth_tcp = \"none\"\n",
		         node->migration_ip);
	snprintf(daemon, sizeof(daemon),
	         "host_uuid = \"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\"\n"
	         "auth_unix_ro = \"none\"\nauth_unix_rw = \"none\"\nunix_sock_group = \"root\"\n"
	         "log_level = 3\nlog_outputs = \"3:stderr\"\n%s",
	         id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10], id[11], id[12], id[13],
	         id[14], id[15], listen);
	if (file_write(etc, "libvirtd.conf", daemon, e) < 0 || file_write(etc, "virtqemud.conf", daemon, e) < 0)
		return -1;
	char qemu[600], pki[400];
	bool tls = certificates_there(node, pki, sizeof(pki));
	snprintf(qemu, sizeof(qemu),
	         "security_driver = \"none\"\ncgroup_controllers = []\nnamespaces = []\n"
	         "user = \"root\"\ngroup = \"root\"\nremember_owner = 0\ndynamic_ownership = 0\n"
	         "stdio_handler = \"file\"\nkeepalive_interval = -1\n%s%s%s",
	         tls ? "migrate_tls_x509_verify = 1\nmigrate_tls_x509_cert_dir = \"" : "",
	         tls ? CERTIFICATES_SEEN_AS : "", tls ? "\"\n" : "");
	return file_write(etc, "qemu.conf", qemu, e);
}

/* Whether something accepts connections on a Unix socket. */
static int socket_answers(const char *path)
{
	int fd = unix_connect(path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/*
 * libvirtd daemonises its QEMUs and, when it ends one, polls until the pid is gone: for seconds where init reaps
 * slowly. The keeper is their parent in init's place and reaps at once; it ends with the last of them.
 */
static void keeper_main(const struct node *node, const char *program, int log_fd) __attribute__((noreturn));

static void keeper_main(const struct node *node, const char *program, int log_fd)
{
	struct process_place place = node_place(node);
	struct err e = { 0 };
	int null = open("/dev/null", O_RDWR);
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(log_fd, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	close_range(3, ~0U, 0);
	if (process_enter(&place, &e) < 0) {
		dprintf(STDERR_FILENO, "%s\n", e.text);
		_exit(126);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL);
		/* No idle timeout: it lives until it is ended. */
		execl(program, program, node->peer_uri[0] ? "--listen" : NULL, (char *)NULL);
		_exit(127);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(0);
}

static int keeper_start(struct node *node, const char *program, const char *log_path, struct undo *undo,
                        struct err *e)
{
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return err_errno(e, EXIT_CANNOT, "cannot open log '%s'", log_path);
	node->keeper = fork();
	if (node->keeper == 0)
		keeper_main(node, program, log);
	close(log);
	if (node->keeper < 0)
		return err_errno(e, EXIT_CANNOT, "cannot start '%s'", program);
	return undo_add_process(undo, node->keeper, e);
}

const char *node_daemon_program(const char **ret_socket)
{
	static const struct {
		const char *program, *socket;
	} daemons[] = {
		{ "/usr/sbin/libvirtd", "libvirt-sock" },
		{ "/usr/sbin/virtqemud", "virtqemud-sock" },
	};
	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		if (access(daemons[i].program, X_OK) == 0) {
			if (ret_socket)
				*ret_socket = daemons[i].socket;
			return daemons[i].program;
		}
	return NULL;
}

int node_start_libvirtd(struct node *node, struct undo *undo, struct err *e)
{
	const char *socket_name = NULL, *program = node_daemon_program(&socket_name);
	char socket_path[300], log[300];
	if (!program)
		return err_set(e, EXIT_CANNOT, "neither libvirtd nor virtqemud is installed: run 'make deps'");
	/* The modular daemon leaves this to a proxy. */
	if (node->migration_ip[0] && strcmp(socket_name, "libvirt-sock") == 0)
		snprintf(node->peer_uri, sizeof(node->peer_uri), "qemu+tcp://%s/system", node->migration_ip);
	if (libvirtd_configure(node, e) < 0)
		return -1;
	snprintf(log, sizeof(log), "%s/libvirtd.log", node->state_directory);
	snprintf(socket_path, sizeof(socket_path), "%s/run/libvirt/%s", node->state_directory, socket_name);
	snprintf(node->libvirt_uri, sizeof(node->libvirt_uri), "qemu+unix:///system?socket=%s", socket_path);
	snprintf(node->qemu_pid_directory, sizeof(node->qemu_pid_directory), "%s" NODE_QEMU_DIRECTORY,
	         node->state_directory);

	if (keeper_start(node, program, log, undo, e) < 0)
		return -1;
	int64_t end = clock_now_ns() + 20 * NS_PER_S;
	while (!socket_answers(socket_path)) {
		if (!process_start_time(node->keeper)) {
			waitpid(node->keeper, NULL, WNOHANG);
			return err_set(e, EXIT_CANNOT, "%s on node '%s' ended at once: see '%s'", program, node->name,
			               log);
		}
		if (clock_now_ns() > end)
			return err_set(e, EXIT_CANNOT, "%s on node '%s' does not answer after 20 s: see '%s'",
			               program, node->name, log);
		clock_sleep(20 * NS_PER_MS);
	}
	return 0;
}
