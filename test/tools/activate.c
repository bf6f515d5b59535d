/*
 * activate SOCKET PROGRAM [ARGUMENT...]: runs a program the way systemd activates it by socket:
 * descriptor 3 listens on the path SOCKET, LISTEN_FDS and LISTEN_PID say so. pcscd then serves that
 * path instead of the one that is compiled in.
 * activate --loopback PROGRAM [ARGUMENT...]: brings up "lo" of a fresh network namespace first.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
		die("lo");
	close(fd);
}

static void listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char pid[24];
	int fd;

	if (strlen(path) >= sizeof(a.sun_path)) {
		fprintf(stderr, "%s: too long for a socket\n", path);
		exit(1);
	}
	memcpy(a.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 16) != 0)
		die(path);
	if (fd != 3) {
		if (dup2(fd, 3) != 3)
			die("dup2");
		close(fd);
	}
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (setenv("LISTEN_FDS", "1", 1) != 0 || setenv("LISTEN_PID", pid, 1) != 0)
		die("setenv");
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fputs("usage: activate SOCKET|--loopback PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	if (strcmp(argv[1], "--loopback") == 0)
		loopback_up();
	else
		listen_at(argv[1]);
	execvp(argv[2], argv + 2);
	die(argv[2]);
}
