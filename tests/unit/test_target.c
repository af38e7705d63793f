/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/target.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/row.h"

/* Files for the rows; made once for the whole group. */
static char folder[] = "/tmp/test_target-XXXXXX";
static char pem[64], key[64], other_key[64], junk[64], missing[64];

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool written =
		fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return written ? 0 : -1;
}

/* A key, and with `certificate_path` a certificate that signs itself with it. */
static int write_pem(const char *key_path, const char *certificate_path)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	FILE *file = fopen(key_path, "we");
	bool good = file && PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL);

	if (file)
		fclose(file);
	if (certificate_path) {
		X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
		X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
		X509_set_pubkey(certificate, pair);
		X509_sign(certificate, pair, EVP_sha256());
		file = fopen(certificate_path, "we");
		good = good && file && PEM_write_X509(file, certificate);
		if (file)
			fclose(file);
	}
	X509_free(certificate);
	EVP_PKEY_free(pair);
	return good ? 0 : -1;
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(pem, sizeof(pem), "%s/pem", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	snprintf(other_key, sizeof(other_key), "%s/other", folder);
	snprintf(junk, sizeof(junk), "%s/junk", folder);
	snprintf(missing, sizeof(missing), "%s/missing", folder);
	return write_pem(key, pem) + write_pem(other_key, NULL) +
	       write_file(junk, "no certificate\n");
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(pem) + unlink(key) + unlink(other_key) + unlink(junk) +
	       rmdir(folder);
}

static struct target_settings usual(void)
{
	return (struct target_settings){ .host = "mx.example",
		                         .user = "probe",
		                         .mechanism = MECHANISM_AUTO };
}

static struct target *create(const struct target_settings *set, bool with_secret,
                             struct error *err)
{
	struct secret *secret =
		with_secret ? secret_create(STR("geheim"), "x", err) : NULL;

	return target_create(set, secret, err);
}

/* Fails when the settings are not refused with all of `words` (blanks between). */
static void check_refused(const char *row, const struct target_settings *set,
                          bool with_secret, const char *words)
{
	struct error err = { "" };
	struct str rest = str_of(words), word;
	struct target *target = create(set, with_secret, &err);

	target_release(target);
	CHECK(row, !target);
	while (str_take_word(&word, &rest, " "))
		if (str_find_nocase(str_of(err.text), word) < 0)
			fail_msg("row \"%s\": no \"%.*s\" in \"%s\"", row,
			         (int)word.len, word.at, err.text);
}

static void check_accepted(const char *row, const struct target_settings *set,
                           bool with_secret)
{
	struct error err = { "" };
	struct target *target = create(set, with_secret, &err);

	if (!target)
		fail_msg("row \"%s\": %s", row, err.text);
	target_release(target);
}

/* ---- host and other names ---- */

static const struct {
	const char *host, *words; /* NULL: good */
} hosts[] = {
	{ "mx.example", NULL },
	{ "mx_1.example-2.EXAMPLE.", NULL },
	{ "localhost", NULL },
	{ "192.0.2.7", NULL },
	{ "2001:db8::7", NULL },
	{ "/run/smtp.sock", NULL },
	{ "", "host empty" },
	{ "mx example", "host character" },
	{ "mx.example\r\nx", "host character" },
	{ "mx.example:587", "host character" },
	{ "[2001:db8::7]", "host character" },
	{ "user@mx.example", "host character" },
	{ "m\xc3\xbcller.example", "host xn--" },
	{ "https://mx.example", "host character" },
	{ "-H;rm", "host character" },
};

static void host_is_a_name_an_address_or_a_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct target_settings set = usual();

		set.host = hosts[i].host;
		if (hosts[i].words)
			check_refused(hosts[i].host, &set, true, hosts[i].words);
		else
			check_accepted(hosts[i].host, &set, true);
	}
}

/* -4 or -6 for a literal of the other family. */
static void literal_must_be_of_the_family(void **state)
{
	struct target_settings set = usual();

	(void)state;
	set.family = IP_V6;
	check_accepted("name", &set, true);
	set.host = "192.0.2.7";
	check_refused("IPv4 with -6", &set, true, "192.0.2.7 -6");
	set.family = IP_V4;
	check_accepted("IPv4 with -4", &set, true);
	set.host = "2001:db8::7";
	check_refused("IPv6 with -4", &set, true, "2001:db8::7 -4");
	set.family = IP_V6;
	check_accepted("IPv6 with -6", &set, true);
}

static void missing_host_names_the_option(void **state)
{
	struct target_settings set = usual();

	(void)state;
	set.host = NULL;
	check_refused("no host", &set, true, "host -H");
}

/* `len` characters 'a', or of a path. */
static const char *long_word(char first, size_t len)
{
	static char word[2048];

	memset(word, 'a', sizeof(word));
	word[0] = first;
	word[len] = '\0';
	return word;
}

static void lengths_end_at_their_limits(void **state)
{
	struct target_settings set = usual();

	(void)state;
	set.host = long_word('a', HOST_NAME_MAX_LEN);
	check_accepted("host", &set, true);
	set.host = long_word('a', HOST_NAME_MAX_LEN + 1);
	check_refused("host+1", &set, true, "254 253");
	set.host = long_word('/', 107);
	check_accepted("socket", &set, true);
	set.host = long_word('/', 108);
	check_refused("socket+1", &set, true, "socket 107");
	set = usual();
	set.user = long_word('u', USER_NAME_MAX_LEN);
	check_accepted("user", &set, true);
	set.user = long_word('u', USER_NAME_MAX_LEN + 1);
	check_refused("user+1", &set, true, "user 1024");
	set = usual();
	set.authorization = long_word('u', USER_NAME_MAX_LEN + 1);
	check_refused("authorization+1", &set, true, "authorization 1024");
	set = usual();
	set.ehlo_name = long_word('u', 255);
	check_accepted("EHLO", &set, true);
	set.ehlo_name = long_word('u', 256);
	check_refused("EHLO+1", &set, true, "EHLO 255");
}

/* ---- one setting at a time ---- */

static void words_must_be_one_line(void **state)
{
	static const char *const bad[] = { "", "a\rb", "a\nb", "\xff" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct target_settings set = usual();

		set.user = bad[i];
		check_refused(bad[i], &set, true, "user");
		set = usual();
		set.authorization = bad[i];
		check_refused(bad[i], &set, true, "authorization");
		set = usual();
		set.ehlo_name = bad[i];
		check_refused(bad[i], &set, true, "EHLO");
		set = usual();
		set.server_name = bad[i];
		check_refused(bad[i], &set, true, "server name");
	}
}

static const struct {
	int port;
	bool good;
} ports[] = {
	{ -1, false }, { 0, true }, { 1, true }, { 65535, true }, { 65536, false }
};

static const struct {
	usec timeout;
	bool good;
} timeouts[] = {
	{ -1, false },
	{ 0, true },
	{ 1, true },
	{ TARGET_TIMEOUT_MAX_S * USEC_PER_SEC, true },
	{ TARGET_TIMEOUT_MAX_S * USEC_PER_SEC + 1, false },
};

static void numbers_have_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ports); i++) {
		struct target_settings set = usual();

		set.port = ports[i].port;
		if (ports[i].good)
			check_accepted("port", &set, true);
		else
			check_refused("port", &set, true, "port 65535");
	}
	for (size_t i = 0; i < COUNT(timeouts); i++) {
		struct target_settings set = usual();

		set.timeout = timeouts[i].timeout;
		if (timeouts[i].good)
			check_accepted("timeout", &set, true);
		else
			check_refused("timeout", &set, true, "time-out 3600");
	}
}

static const struct {
	const char *url;
	bool good;
} proxies[] = {
	{ "http://proxy.example:3128", true },
	{ "socks4://192.0.2.1:1080", true },
	{ "socks4a://proxy.example", true },
	{ "SOCKS5://[2001:db8::1]:1080", true },
	{ "socks5h://user:pass@proxy.example:1080", true },
	{ "https://proxy.example", false },
	{ "proxy.example:3128", false },
	{ "", false },
	{ "socks5:/proxy", false },
	{ "http://proxy\r\nx", false },
	{ "http://", false },
	{ "socks5h://:1080", false },
};

static void proxy_is_a_url_with_a_host(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(proxies); i++) {
		struct target_settings set = usual();

		set.via = proxies[i].url;
		if (proxies[i].good)
			check_accepted(proxies[i].url, &set, true);
		else
			check_refused(proxies[i].url, &set, true, "proxy");
	}
}

static void source_is_an_address(void **state)
{
	struct target_settings set = usual();

	(void)state;
	set.source_address = "192.0.2.1";
	check_accepted("IPv4", &set, true);
	set.source_address = "2001:db8::1";
	check_accepted("IPv6", &set, true);
	set.source_address = "eth0";
	check_refused("interface", &set, true, "source eth0");
	set.source_address = "";
	check_refused("empty", &set, true, "source");
}

/* ---- files ---- */

static void files_are_looked_at(void **state)
{
	struct target_settings set = usual();

	(void)state;
	set.ca_file = pem;
	check_accepted("CA file", &set, true);
	set.ca_file = junk;
	check_refused("junk as CA file", &set, true, junk);
	set.ca_file = key;
	check_refused("key as CA file", &set, true, key);
	set.ca_file = missing;
	check_refused("no CA file", &set, true, "CA file read");
	set.ca_file = folder;
	check_refused("directory as CA file", &set, true, "CA file directory");
	set = usual();
	set.ca_dir = folder;
	check_accepted("CA directory", &set, true);
	set.ca_dir = pem;
	check_refused("file as CA directory", &set, true, "CA directory not");
	set.ca_dir = missing;
	check_refused("no CA directory", &set, true, "CA directory read");
}

static void client_certificate_and_key_belong_together(void **state)
{
	struct target_settings set = usual();

	(void)state;
	set.client_certificate = pem;
	check_refused("no key", &set, true, "--client-key");
	set.client_key = key;
	check_accepted("both", &set, true);
	set.client_certificate = NULL;
	check_refused("no certificate", &set, true, "--client-cert");
	set.client_certificate = junk;
	check_refused("junk certificate", &set, true, junk);
	set.client_certificate = key;
	check_refused("key as certificate", &set, true, key);
	set.client_certificate = pem;
	set.client_key = missing;
	check_refused("missing key", &set, true, "key read");
	set.client_key = other_key;
	check_refused("key of another certificate", &set, true, other_key);
	set.client_key = junk;
	check_refused("junk key", &set, true, junk);
}

/* ---- what belongs together ---- */

static void cleartext_must_be_allowed(void **state)
{
	struct target_settings set = usual();

	(void)state;
	set.tls = TLS_NONE;
	check_refused("forbidden", &set, true, "--allow-cleartext");
	set.allow_cleartext = true;
	check_accepted("allowed", &set, true);
}

static void login_needs_its_proof(void **state)
{
	struct target_settings set = usual();

	(void)state;
	set.user = NULL;
	check_refused("password alone", &set, true, "user -U");
	check_refused("nothing", &set, false, "user -U");
	set.user = "probe";
	check_refused("no password", &set, false, "password --password-file GSSAPI");
	set.user = NULL;
	set.mechanism = MECHANISM_PLAIN;
	check_refused("PLAIN without user", &set, false, "PLAIN user");
	set.mechanism = MECHANISM_GSSAPI;
	check_accepted("GSSAPI needs neither", &set, false);
	set.mechanism = MECHANISM_EXTERNAL;
	check_refused("EXTERNAL without certificate", &set, false,
	              "EXTERNAL --client-cert");
	set.client_certificate = pem;
	set.client_key = key;
	check_accepted("EXTERNAL", &set, false);
	set = usual();
	set.mechanism = MECHANISM_SCRAM_SHA_256;
	check_refused("SCRAM without password", &set, false, "SCRAM-SHA-256 password");
}

static void proofs_follow_what_is_given(void **state)
{
	struct target_settings set = usual();
	struct error err;
	struct target *target = create(&set, true, &err);

	(void)state;
	assert_non_null(target);
	assert_int_equal(target_proofs(target), 1u << PROOF_PASSWORD);
	target_release(target);
	set.mechanism = MECHANISM_GSSAPI;
	target = create(&set, false, &err);
	assert_non_null(target);
	assert_int_equal(target_proofs(target), 1u << PROOF_TICKET);
	target_release(target);
	set.mechanism = MECHANISM_AUTO;
	set.client_certificate = pem;
	set.client_key = key;
	target = create(&set, false, &err);
	assert_non_null(target);
	assert_int_equal(target_proofs(target),
	                 1u << PROOF_TICKET | 1u << PROOF_CERTIFICATE);
	target_release(target);
}

/* ---- the checked copy ---- */

static const struct {
	const char *host;
	int port;
	enum tls_mode tls;
	int port_used;
	const char *address, *server_name;
} copies[] = {
	{ "mx.example", 0, TLS_STARTTLS, 587, "mx.example:587", "mx.example" },
	{ "mx.example", 0, TLS_IMPLICIT, 465, "mx.example:465", "mx.example" },
	{ "mx.example", 0, TLS_NONE, 587, "mx.example:587", "mx.example" },
	{ "mx.example", 25, TLS_STARTTLS, 25, "mx.example:25", "mx.example" },
	{ "mx.example", 2465, TLS_IMPLICIT, 2465, "mx.example:2465", "mx.example" },
	{ "192.0.2.7", 0, TLS_STARTTLS, 587, "192.0.2.7:587", "192.0.2.7" },
	{ "2001:db8::7", 0, TLS_STARTTLS, 587, "[2001:db8::7]:587", "2001:db8::7" },
	{ "/run/smtp", 0, TLS_STARTTLS, 587, "/run/smtp", "localhost" },
};

static void defaults_are_filled_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(copies); i++) {
		struct target_settings set = usual();
		const char *row = copies[i].address;
		struct error err = { "" };
		struct target *target;

		set.host = copies[i].host;
		set.port = copies[i].port;
		set.tls = copies[i].tls;
		set.allow_cleartext = true;
		target = create(&set, true, &err);
		CHECK_TEXT(row, err.text, "");
		CHECK_INT(row, target->set.port, copies[i].port_used);
		CHECK_TEXT(row, target->address, copies[i].address);
		CHECK_TEXT(row, target->set.server_name, copies[i].server_name);
		CHECK_INT(row, target->set.timeout, 10 * USEC_PER_SEC);
		CHECK_INT(row, target->is_unix_socket, copies[i].host[0] == '/');
		target_release(target);
	}
}

static void strings_are_copied_and_counted(void **state)
{
	char host[] = "mx.example", user[] = "probe";
	struct target_settings set = { .host = host,
		                       .user = user,
		                       .mechanism = MECHANISM_AUTO };
	struct error err;
	struct target *target = create(&set, true, &err);

	(void)state;
	memset(host, 'x', sizeof(host) - 1);
	memset(user, 'x', sizeof(user) - 1);
	assert_ptr_equal(target_keep(target), target);
	target_release(target);
	assert_string_equal(target->set.host, "mx.example");
	assert_string_equal(target->set.user, "probe");
	CHECK_STR("secret", secret_reveal(target->secret), "geheim");
	target_release(target);
	target_release(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_is_a_name_an_address_or_a_path),
		cmocka_unit_test(literal_must_be_of_the_family),
		cmocka_unit_test(missing_host_names_the_option),
		cmocka_unit_test(lengths_end_at_their_limits),
		cmocka_unit_test(words_must_be_one_line),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(proxy_is_a_url_with_a_host),
		cmocka_unit_test(source_is_an_address),
		cmocka_unit_test(files_are_looked_at),
		cmocka_unit_test(client_certificate_and_key_belong_together),
		cmocka_unit_test(cleartext_must_be_allowed),
		cmocka_unit_test(login_needs_its_proof),
		cmocka_unit_test(proofs_follow_what_is_given),
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(strings_are_copied_and_counted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
