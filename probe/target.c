/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/target.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "probe/address.h"
#include "probe/certificate.h"

enum {
	PORT_MAX = 65535,
	PORT_SUBMISSION = 587,  /* RFC 6409 §3.1 */
	PORT_SUBMISSIONS = 465, /* RFC 8314 §7.3 */
	TIMEOUT_DEFAULT_S = 10
};

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool check_name(const char *what, const char *name, struct error *err)
{
	size_t len = strlen(name);

	if (len == 0)
		return error_set(err, "%s is empty; give a name or an address", what);
	if (len > HOST_NAME_MAX_LEN)
		return error_set(err, "%s has %zu characters; DNS allows %d", what, len,
		                 HOST_NAME_MAX_LEN);
	if (address_is_literal(name))
		return true;
	for (const char *c = name; *c; c++)
		if (!is_name_char(*c))
			return error_set(
				err,
				"%s '%.80s' has a character that no host name "
				"has; write names beyond ASCII in their xn-- form",
				what, name);
	return true;
}

static bool check_socket_path(const char *path, struct error *err)
{
	struct sockaddr_un address;

	if (strlen(path) < sizeof(address.sun_path))
		return true;
	return error_set(err, "socket path '%.40s...' is longer than %zu bytes", path,
	                 sizeof(address.sun_path) - 1);
}

/* A literal cannot be looked up in the other family. */
static bool check_family(const struct target_settings *set, struct error *err)
{
	bool is_v6 = strchr(set->host, ':') != NULL;

	if (!address_is_literal(set->host) || set->family == IP_ANY ||
	    is_v6 == (set->family == IP_V6))
		return true;
	return error_set(err,
	                 "%.60s is no IPv%d address; drop -%d or give another host",
	                 set->host, is_v6 ? 4 : 6, is_v6 ? 4 : 6);
}

static bool check_host(const struct target_settings *set, struct error *err)
{
	if (!set->host)
		return error_set(err, "no host given; use -H HOST");
	if (set->host[0] == '/')
		return check_socket_path(set->host, err);
	return check_name("host", set->host, err) && check_family(set, err);
}

static bool check_one_line(const char *what, const char *text, size_t max,
                           struct error *err)
{
	if (!text)
		return true;
	if (text[0] == '\0')
		return error_set(err, "%s is empty", what);
	if (strlen(text) > max)
		return error_set(err, "%s is longer than %zu bytes", what, max);
	if (strpbrk(text, "\r\n"))
		return error_set(err, "%s holds a CR or LF; it must be one line", what);
	if (!str_is_utf8(str_of(text)))
		return error_set(err, "%s is not valid UTF-8", what);
	return true;
}

/* A file that libcurl would only find missing in mid-session. */
static bool check_readable(const char *what, const char *path, bool directory,
                           struct error *err)
{
	struct stat info;

	if (!path)
		return true;
	if (stat(path, &info) < 0 || access(path, R_OK) < 0)
		return error_set(err,
		                 "%s %s: cannot be read; check path and permissions",
		                 what, path);
	if (S_ISDIR(info.st_mode) != directory)
		return error_set(err, "%s %s: is %s directory", what, path,
		                 directory ? "not a" : "a");
	return true;
}

static bool check_files(const struct target_settings *set, struct error *err)
{
	if (set->client_key && !set->client_certificate)
		return error_set(err, "a client key without its certificate; "
		                      "give --client-cert too");
	if (set->client_certificate && !set->client_key)
		return error_set(err, "a client certificate without its key; "
		                      "give --client-key too");
	if (!check_readable("CA file", set->ca_file, false, err) ||
	    !check_readable("CA directory", set->ca_dir, true, err) ||
	    !check_readable("client certificate", set->client_certificate, false,
	                    err) ||
	    !check_readable("client key", set->client_key, false, err))
		return false;
	if (set->ca_file && !certificate_check_file(set->ca_file, err))
		return false;
	return !set->client_certificate ||
	       certificate_check_pair(set->client_certificate, set->client_key, err);
}

/* After "scheme://" and "user:password@". */
static bool has_host(const char *rest)
{
	const char *at = strrchr(rest, '@');

	if (at)
		rest = at + 1;
	return *rest && *rest != ':' && *rest != '/';
}

static bool check_via(const char *via, struct error *err)
{
	static const char *const schemes[] = { "http://", "socks4://", "socks4a://",
		                               "socks5://", "socks5h://" };

	if (!via)
		return true;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!str_starts_nocase(str_of(via), str_of(schemes[i])))
			continue;
		if (!has_host(via + strlen(schemes[i])))
			return error_set(err, "proxy URL names no host");
		return check_one_line("proxy", via, 1024, err);
	}
	return error_set(err,
	                 "proxy is no http://, socks4://, socks4a://, socks5:// or "
	                 "socks5h:// URL");
}

static bool check_source(const struct target_settings *set, struct error *err)
{
	if (!set->source_address || address_is_literal(set->source_address))
		return true;
	return error_set(err, "source address '%.60s' is no IPv4 or IPv6 address",
	                 set->source_address);
}

static bool is_port(struct str digits)
{
	int port;

	return str_take_number(&port, &digits) && digits.len == 0 && port >= 1 &&
	       port <= PORT_MAX;
}

/* "mx.example:587", "192.0.2.7:443" or "[2001:db8::7]:443" */
static bool check_control(const char *control, struct error *err)
{
	const char *colon = strrchr(control, ':');
	char host[HOST_NAME_MAX_LEN + 1];
	size_t len = colon ? (size_t)(colon - control) : 0;
	bool bracketed = len > 2 && control[0] == '[' && control[len - 1] == ']';

	if (!colon || !is_port(str_of(colon + 1)) || len == 0 || len >= sizeof(host))
		return error_set(err, "control target '%.80s' is not HOST:PORT",
		                 control);
	memcpy(host, control, len);
	host[len] = '\0';
	if (bracketed) {
		host[len - 1] = '\0';
		if (address_is_literal(host + 1))
			return true;
	} else if (!strchr(host, ':')) {
		return check_name("control target", host, err);
	}
	return error_set(err,
	                 "control target '%.80s' is not HOST:PORT; an IPv6 address "
	                 "stands in brackets",
	                 control);
}

/* What begins a mail, a login or another session, or ends this one. */
static bool is_forbidden_command(const char *command)
{
	static const char *const verbs[] = { "DATA", "BDAT",    "AUTH", "STARTTLS",
		                             "QUIT", "XCLIENT", "BURL" };
	struct str rest = str_of(command), verb = STR("");

	str_take_word(&verb, &rest, " \t");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_equal_nocase(verb, str_of(verbs[i])))
			return true;
	return false;
}

static bool check_commands(const struct target_settings *set, struct error *err)
{
	if (set->commands[COMMAND_MAX])
		return error_set(err, "more than %d commands", COMMAND_MAX);
	for (size_t i = 0; set->commands[i]; i++) {
		if (!check_one_line("a command", set->commands[i], COMMAND_MAX_LEN,
		                    err))
			return false;
		if (is_forbidden_command(set->commands[i]))
			return error_set(
				err,
				"the command '%.20s' is not said here: no mail "
				"is sent, and a run is one login",
				set->commands[i]);
	}
	return true;
}

static bool check_look(const struct target_settings *set, struct error *err)
{
	if (set->second_look < 0 || set->second_look > SECOND_LOOK_MAX_S * USEC_PER_SEC)
		return error_set(err,
		                 "the second look is not between 0 and %d seconds long",
		                 SECOND_LOOK_MAX_S);
	if (set->controls[CONTROL_MAX])
		return error_set(err,
		                 "more than %d control targets; give the two that "
		                 "tell most",
		                 CONTROL_MAX);
	for (size_t i = 0; set->controls[i]; i++)
		if (!check_control(set->controls[i], err))
			return false;
	return true;
}

static bool check_numbers(const struct target_settings *set, struct error *err)
{
	if ((unsigned)set->tls > TLS_NONE || (unsigned)set->family > IP_V6 ||
	    (unsigned)set->tls_min > TLS_VERSION_1_3)
		return error_set(err,
		                 "a setting for TLS or address family is none of its "
		                 "words");
	if (set->port < 0 || set->port > PORT_MAX)
		return error_set(err, "port %d is not between 1 and %d", set->port,
		                 PORT_MAX);
	if (set->timeout < 0 || set->timeout > TARGET_TIMEOUT_MAX_S * USEC_PER_SEC)
		return error_set(err, "the time-out is not between 0 and %d seconds",
		                 TARGET_TIMEOUT_MAX_S);
	return true;
}

/* What the user's own settings rule out, before a byte is sent. */
static bool check_permission(const struct target_settings *set, bool has_secret,
                             struct error *err)
{
	if (set->tls == TLS_NONE && !set->allow_cleartext)
		return error_set(
			err, "a login without TLS shows the password to the network; "
			     "use TLS, or allow it with --allow-cleartext");
	if (set->mechanism == MECHANISM_AUTO) {
		if (has_secret || set->client_certificate)
			return true;
		if (!set->user)
			return error_set(err, "no user given; use -U USER and "
			                      "--password-file FILE");
		return error_set(err, "no password given; use --password-file FILE "
		                      "(with a Kerberos ticket: -A GSSAPI)");
	}
	if (mechanism_proof(set->mechanism) == PROOF_PASSWORD &&
	    !(set->user && has_secret))
		return error_set(err, "%s needs a user and a password",
		                 mechanism_word(set->mechanism));
	if (mechanism_proof(set->mechanism) == PROOF_CERTIFICATE &&
	    !set->client_certificate)
		return error_set(err,
		                 "%s needs a client certificate; give --client-cert "
		                 "and --client-key",
		                 mechanism_word(set->mechanism));
	return true;
}

static bool check(const struct target_settings *set, bool has_secret, struct error *err)
{
	if (!check_host(set, err) || !check_numbers(set, err))
		return false;
	if (set->server_name && !check_name("server name", set->server_name, err))
		return false;
	if (set->ehlo_name && !check_one_line("EHLO name", set->ehlo_name, 255, err))
		return false;
	if (has_secret && !set->user)
		return error_set(err, "a password without a user; use -U USER");
	return check_one_line("user name", set->user, USER_NAME_MAX_LEN, err) &&
	       check_one_line("authorization identity", set->authorization,
	                      USER_NAME_MAX_LEN, err) &&
	       check_via(set->via, err) && check_source(set, err) &&
	       check_look(set, err) && check_commands(set, err) &&
	       check_files(set, err) && check_permission(set, has_secret, err);
}

static void copy_strings(struct arena *arena, struct target_settings *set)
{
	const char **const strings[] = {
		&set->host,          &set->user,
		&set->authorization, &set->ehlo_name,
		&set->server_name,   &set->ca_file,
		&set->ca_dir,        &set->client_certificate,
		&set->client_key,    &set->source_address,
		&set->via,           &set->interceptors_file,
		&set->controls[0],   &set->controls[1],
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (*strings[i])
			*strings[i] = arena_copy(arena, str_of(*strings[i]));
	for (size_t i = 0; set->commands[i]; i++)
		set->commands[i] = arena_copy(arena, str_of(set->commands[i]));
}

int target_usual_port(enum tls_mode tls)
{
	return tls == TLS_IMPLICIT ? PORT_SUBMISSIONS : PORT_SUBMISSION;
}

/* DNS knows "mx.example." as a full name; certificates and SNI have no dot there. */
static const char *without_final_dot(struct arena *arena, const char *name)
{
	size_t len = strlen(name);

	if (len < 2 || name[len - 1] != '.')
		return name;
	return arena_copy(arena, (struct str){ name, len - 1 });
}

/* A damaged list is no reason not to probe; it is told in the result. */
static void read_interceptors(struct target *target)
{
	const char *path = target->set.interceptors_file;

	if (path)
		target->interceptors = interceptor_file_read(
			target->arena, path, &target->interceptors_damage);
}

static void fill_defaults(struct target *target)
{
	struct target_settings *set = &target->set;

	target->is_unix_socket = set->host[0] == '/';
	if (set->port == 0)
		set->port = target_usual_port(set->tls);
	if (set->timeout == 0)
		set->timeout = TIMEOUT_DEFAULT_S * USEC_PER_SEC;
	if (target->is_unix_socket)
		target->address = set->host;
	else
		target->address = arena_print(
			target->arena, strchr(set->host, ':') ? "[%s]:%d" : "%s:%d",
			set->host, set->port);
	if (!set->server_name)
		set->server_name = target->is_unix_socket ? "localhost" : set->host;
	set->server_name = without_final_dot(target->arena, set->server_name);
}

struct target *target_create(const struct target_settings *settings,
                             struct secret *secret, struct error *err)
{
	struct arena *arena;
	struct target *target;

	if (!check(settings, secret != NULL, err)) {
		secret_destroy(secret);
		return NULL;
	}
	arena = arena_create();
	target = arena_take(arena, sizeof(*target));
	*target = (struct target){ .set = *settings,
		                   .secret = secret,
		                   .owned = secret,
		                   .arena = arena,
		                   .references = 1 };
	copy_strings(arena, &target->set);
	fill_defaults(target);
	read_interceptors(target);
	return target;
}

struct target *target_keep(struct target *target)
{
	target->references++;
	return target;
}

void target_release(struct target *target)
{
	if (!target || --target->references > 0)
		return;
	secret_destroy(target->owned);
	arena_destroy(target->arena);
}

unsigned target_proofs(const struct target *target)
{
	const struct target_settings *set = &target->set;
	unsigned proofs = 0;

	if (set->user && target->secret)
		return 1u << PROOF_PASSWORD;
	if (set->client_certificate)
		proofs |= 1u << PROOF_CERTIFICATE;
	return proofs | 1u << PROOF_TICKET;
}
