/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/include/smtp_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "probe/engine.h"
#include "probe/json.h"
#include "probe/message.h"

/* The public names of targets and results are opaque handles of the types inside. */
static struct target *target_in(struct smtp_probe_target *handle)
{
	return (struct target *)handle;
}

static const struct result *result_in(const struct smtp_probe_result *handle)
{
	return (const struct result *)handle;
}

_Static_assert(sizeof(struct smtp_probe_error) == sizeof(struct error), "same text");
_Static_assert((int)SMTP_PROBE_CLEARTEXT == TLS_NONE, "same order");
_Static_assert((int)SMTP_PROBE_IPV6 == IP_V6, "same order");
_Static_assert((int)SMTP_PROBE_TLS_1_3 == TLS_VERSION_1_3, "same order");

static void tell(struct smtp_probe_error *out, const struct error *err)
{
	memcpy(out->text, err->text, sizeof(out->text));
}

/* ---- targets ---- */

static bool take_secret(struct secret **out, const struct smtp_probe_settings *settings,
                        struct error *err)
{
	*out = NULL;
	if (settings->password && settings->password_file)
		return error_set(err, "both a password and a password file are given");
	if (settings->password)
		*out = secret_create(str_of(settings->password), "password", err);
	else if (settings->password_file)
		*out = secret_read_file(settings->password_file, err);
	else
		return true;
	return *out != NULL;
}

static bool take_mechanism(enum mechanism *out, const char *word, struct error *err)
{
	*out = MECHANISM_AUTO;
	if (!word || str_equal_nocase(str_of(word), STR("auto")) ||
	    mechanism_from_word(out, str_of(word)))
		return true;
	return error_set(err, "mechanism '%.40s' is not known", word);
}

/* Without overflow: what is no sensible time becomes one that is refused, or long. */
static usec time_in(double seconds)
{
	const double longest = 1e9;

	if (!(seconds < longest))
		return (usec)longest * USEC_PER_SEC;
	if (seconds < 0)
		return -1;
	if (seconds > 0 && seconds * (double)USEC_PER_SEC < 1)
		return 1;
	return (usec)(seconds * (double)USEC_PER_SEC);
}

static struct target_settings settings_in(const struct smtp_probe_settings *settings)
{
	return (struct target_settings){
		.host = settings->host,
		.port = settings->port,
		.tls = (enum tls_mode)settings->tls,
		.family = (enum ip_family)settings->family,
		.user = settings->user,
		.authorization = settings->authorization,
		.ehlo_name = settings->ehlo_name,
		.server_name = settings->server_name,
		.ca_file = settings->ca_file,
		.ca_dir = settings->ca_dir,
		.client_certificate = settings->client_certificate,
		.client_key = settings->client_key,
		.tls_min = (enum tls_version)settings->tls_min,
		.source_address = settings->source_address,
		.via = settings->via,
		.insecure = settings->insecure,
		.allow_cleartext = settings->allow_cleartext,
		.timeout = time_in(settings->timeout),
		.second_look = time_in(settings->second_look),
		.controls = { settings->control ? settings->control
		                                : settings->second_control,
		              settings->control ? settings->second_control : NULL },
		.interceptors_file = settings->interceptors_file,
	};
}

/* One more than is allowed, so that too many are told. */
static void take_commands(struct target_settings *out, const char *const *commands)
{
	for (size_t i = 0; commands && commands[i] && i <= COMMAND_MAX; i++)
		out->commands[i] = commands[i];
}

struct smtp_probe_target *
smtp_probe_target_create(const struct smtp_probe_settings *settings,
                         struct smtp_probe_error *error)
{
	struct target_settings inner = settings_in(settings);
	struct target *target = NULL;
	struct secret *secret;
	struct error err;

	take_commands(&inner, settings->commands);
	if (take_mechanism(&inner.mechanism, settings->mechanism, &err) &&
	    take_secret(&secret, settings, &err))
		target = target_create(&inner, secret, &err);
	if (!target)
		tell(error, &err);
	return (struct smtp_probe_target *)target;
}

void smtp_probe_target_release(struct smtp_probe_target *target)
{
	target_release(target_in(target));
}

/* ---- engine ---- */

/* A run or a periodic target, with the receiver outside. Linked into its engine. */
struct handle {
	struct smtp_probe_engine *engine;
	smtp_probe_done *done;
	void *owner;
	struct handle *previous, *next;
};

struct smtp_probe_run {
	struct handle handle; /* first: freed through it */
	struct run *run;
};

struct smtp_probe_periodic {
	struct handle handle; /* first: freed through it */
	struct periodic *periodic;
};

struct smtp_probe_engine {
	struct engine *engine;
	struct handle *handles;
};

static void link_handle(struct smtp_probe_engine *engine, struct handle *handle,
                        smtp_probe_done *done, void *owner)
{
	*handle = (struct handle){
		.engine = engine, .done = done, .owner = owner, .next = engine->handles
	};
	if (engine->handles)
		engine->handles->previous = handle;
	engine->handles = handle;
}

static void free_handle(struct handle *handle)
{
	if (handle->previous)
		handle->previous->next = handle->next;
	else
		handle->engine->handles = handle->next;
	if (handle->next)
		handle->next->previous = handle->previous;
	free(handle);
}

static struct smtp_probe_engine *create_engine(struct uv_loop_s *loop, bool one_shot,
                                               struct smtp_probe_error *error)
{
	struct smtp_probe_engine *engine = memory_take(sizeof(*engine));
	struct error err;

	engine->engine = engine_create(loop, one_shot, &err);
	if (engine->engine)
		return engine;
	tell(error, &err);
	free(engine);
	return NULL;
}

struct smtp_probe_engine *smtp_probe_engine_create(struct uv_loop_s *loop,
                                                   struct smtp_probe_error *error)
{
	return create_engine(loop, false, error);
}

void smtp_probe_engine_destroy(struct smtp_probe_engine *engine)
{
	if (!engine)
		return;
	engine_destroy(engine->engine);
	while (engine->handles)
		free_handle(engine->handles);
	free(engine);
}

size_t smtp_probe_in_flight(const struct smtp_probe_engine *engine)
{
	return engine_in_flight(engine->engine);
}

static void on_run_done(void *owner, struct result *result)
{
	struct handle *handle = owner;
	smtp_probe_done *done = handle->done;
	void *receiver = handle->owner;

	free_handle(handle);
	done(receiver, (struct smtp_probe_result *)result);
}

struct smtp_probe_run *smtp_probe_start(struct smtp_probe_engine *engine,
                                        struct smtp_probe_target *target,
                                        smtp_probe_done *done, void *owner)
{
	struct smtp_probe_run *run = memory_take(sizeof(*run));

	link_handle(engine, &run->handle, done, owner);
	run->run = engine_run(engine->engine, target_in(target), on_run_done,
	                      &run->handle);
	return run;
}

void smtp_probe_cancel(struct smtp_probe_run *run)
{
	run_cancel(run->run);
}

static void on_periodic_done(void *owner, struct result *result)
{
	struct handle *handle = owner;

	handle->done(handle->owner, (struct smtp_probe_result *)result);
}

struct smtp_probe_periodic *smtp_probe_add(struct smtp_probe_engine *engine,
                                           struct smtp_probe_target *target,
                                           double interval, smtp_probe_done *done,
                                           void *owner)
{
	struct smtp_probe_periodic *periodic = memory_take(sizeof(*periodic));
	usec time = time_in(interval);

	link_handle(engine, &periodic->handle, done, owner);
	periodic->periodic = engine_add(engine->engine, target_in(target), time,
	                                on_periodic_done, &periodic->handle);
	return periodic;
}

void smtp_probe_remove(struct smtp_probe_engine *engine,
                       struct smtp_probe_periodic *periodic)
{
	engine_remove(engine->engine, periodic->periodic);
	free_handle(&periodic->handle);
}

double smtp_probe_periodic_slot(const struct smtp_probe_periodic *periodic)
{
	return (double)periodic_slot(periodic->periodic) / (double)USEC_PER_SEC;
}

size_t smtp_probe_periodic_skipped(const struct smtp_probe_periodic *periodic)
{
	return periodic_skipped(periodic->periodic);
}

/* ---- one run, blocking ---- */

static const char NO_LOOP[] =
	"no event loop can be made; raise the limit of open files (ulimit -n)";

static void keep_result(void *owner, struct smtp_probe_result *result)
{
	*(struct smtp_probe_result **)owner = result;
}

struct smtp_probe_result *smtp_probe_once(struct smtp_probe_target *target,
                                          struct smtp_probe_error *error)
{
	struct smtp_probe_result *result = NULL;
	struct smtp_probe_engine *engine;
	uv_loop_t loop;

	if (uv_loop_init(&loop) < 0) {
		snprintf(error->text, sizeof(error->text), "%s", NO_LOOP);
		return NULL;
	}
	engine = create_engine(&loop, true, error);
	if (engine)
		smtp_probe_start(engine, target, keep_result, &result);
	uv_run(&loop, UV_RUN_DEFAULT);
	smtp_probe_engine_destroy(engine);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return result;
}

/* ---- results ---- */

void smtp_probe_result_release(struct smtp_probe_result *result)
{
	result_release((struct result *)result);
}

bool smtp_probe_success(const struct smtp_probe_result *result)
{
	return result_success(result_in(result));
}

const char *smtp_probe_cause(const struct smtp_probe_result *result)
{
	return cause_word(result_in(result)->diagnosis.cause);
}

const char *smtp_probe_reason(const struct smtp_probe_result *result)
{
	return reason_word(result_in(result)->diagnosis.reason);
}

const char *smtp_probe_confidence(const struct smtp_probe_result *result)
{
	return confidence_word(result_in(result)->diagnosis.confidence);
}

const char *smtp_probe_phase(const struct smtp_probe_result *result)
{
	return phase_word(result_in(result)->diagnosis.phase);
}

const char *smtp_probe_evidence(const struct smtp_probe_result *result, size_t n)
{
	const struct evidence *evidence = &result_in(result)->diagnosis.evidence;

	return n < evidence->count ? evidence->lines[n] : NULL;
}

const char *smtp_probe_advice(const struct smtp_probe_result *result, size_t n)
{
	const struct diagnosis *diagnosis = &result_in(result)->diagnosis;

	return n < diagnosis->advice.count ? diagnosis->advice.lines[n] : NULL;
}

int smtp_probe_reply_code(const struct smtp_probe_result *result)
{
	return observation_reply(result_in(result)->seen)->code;
}

const char *smtp_probe_mechanism(const struct smtp_probe_result *result)
{
	enum mechanism mechanism;

	if (!mechanism_from_word(&mechanism, result_in(result)->seen->mechanism))
		return "";
	return mechanism_word(mechanism);
}

double smtp_probe_started(const struct smtp_probe_result *result)
{
	return (double)result_in(result)->started / (double)USEC_PER_SEC;
}

double smtp_probe_duration(const struct smtp_probe_result *result)
{
	return (double)result_in(result)->seen->duration / (double)USEC_PER_SEC;
}

double smtp_probe_phase_duration(const struct smtp_probe_result *result,
                                 const char *phase)
{
	const struct phase_facts *facts;
	enum phase which;

	if (!phase_from_word(&which, str_of(phase)))
		return -1;
	facts = &result_in(result)->seen->phases[which];
	return facts->entered ? (double)facts->duration / (double)USEC_PER_SEC : -1;
}

static double seconds_of(usec time)
{
	return time < 0 ? -1 : (double)time / (double)USEC_PER_SEC;
}

double smtp_probe_server_time(const struct smtp_probe_result *result, const char *phase)
{
	enum phase which;

	if (!phase_from_word(&which, str_of(phase)))
		return -1;
	return seconds_of(observation_server_time(result_in(result)->seen, which));
}

double smtp_probe_rtt(const struct smtp_probe_result *result)
{
	const struct tcp_fact *tcp = &result_in(result)->seen->connection.tcp;

	return seconds_of(tcp->found ? tcp->rtt : -1);
}

unsigned smtp_probe_retransmits(const struct smtp_probe_result *result)
{
	return result_in(result)->seen->connection.tcp.retransmits;
}

const char *smtp_probe_notice(const struct smtp_probe_result *result, size_t n,
                              const char **text)
{
	const struct notices *notices = &result_in(result)->diagnosis.notices;

	if (n >= notices->count)
		return NULL;
	if (text)
		*text = notices->list[n].text;
	return notices->list[n].reason;
}

static char *copy_out(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(memory_take(size), text, size);
}

char *smtp_probe_json(const struct smtp_probe_result *result, bool with_trace)
{
	const struct result *inner = result_in(result);
	struct arena *arena = arena_create();
	const char *message = message_of(inner, result_severity(inner), arena);
	char *json = copy_out(json_of_result(inner, message, with_trace, arena));

	arena_destroy(arena);
	return json;
}

enum { TRACE_TEXT_MAX = 1 << 20 };

char *smtp_probe_trace(const struct smtp_probe_result *result)
{
	struct arena *arena = arena_create();
	struct text text = text_create(arena, TRACE_TEXT_MAX);
	char *copy;

	trace_print(result_in(result)->trace, &text);
	copy = copy_out(text.at);
	arena_destroy(arena);
	return copy;
}
