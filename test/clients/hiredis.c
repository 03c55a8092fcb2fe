/* A walk through hiredis' own C API (Debian libhiredis-dev); hiredis.sh HOST PORT builds and runs it. The part that RESP3 needs is
 * there from hiredis 1.0 on. */

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIPELINED 5000
#define LARGE_BYTES (16 * 1024 * 1024)
#define WAIT_MS_MAX 30000

static const char *host;
static int port;
static int count;

static void fail(const char *what, const redisReply *reply)
{
    fprintf(stderr, "FAILED after %d checks: %s", count, what);
    if (reply != NULL) fprintf(stderr, ": type %d, integer %lld, %zu elements, '%.200s'", reply->type, reply->integer, reply->elements, reply->str ? reply->str : "");
    fprintf(stderr, "\n");
    exit(1);
}

static void holds(int condition, const char *what, const redisReply *reply)
{
    count++;
    if (!condition) fail(what, reply);
}

static int is(const redisReply *reply, int type, const char *text)
{
    return reply != NULL && reply->type == type && reply->len == strlen(text) && memcmp(reply->str, text, reply->len) == 0;
}

/* Runs a command and keeps its reply until the next one. */
static redisReply *say(redisContext *c, const char *format, ...)
{
    static redisReply *last;
    va_list arguments;
    if (last != NULL) freeReplyObject(last);
    va_start(arguments, format);
    last = redisvCommand(c, format, arguments);
    va_end(arguments);
    return last;
}

static void status(redisContext *c, const char *command)
{
    redisReply *reply = say(c, command);
    holds(is(reply, REDIS_REPLY_STATUS, "OK"), command, reply);
}

static void number(redisContext *c, const char *command, long long expected)
{
    redisReply *reply = say(c, command);
    holds(reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == expected, command, reply);
}

static void error(redisContext *c, const char *command, const char *text)
{
    redisReply *reply = say(c, command);
    holds(reply != NULL && reply->type == REDIS_REPLY_ERROR && strstr(reply->str, text) != NULL, command, reply);
}

static redisContext *open_context(void)
{
    redisContext *c = redisConnectWithTimeout(host, port, (struct timeval){ 30, 0 });
    if (c == NULL || c->err) fail(c == NULL ? "no context" : c->errstr, NULL);
    holds(redisSetTimeout(c, (struct timeval){ 30, 0 }) == REDIS_OK && redisEnableKeepAlive(c) == REDIS_OK, "options of the connection", NULL);
    return c;
}

static void replies(redisContext *c)
{
    redisReply *reply;
    const char *words[] = { "SET", "binary\0key", "a\r\n\0b" };
    const size_t lengths[] = { 3, 10, 5 };

    holds(is(say(c, "PING"), REDIS_REPLY_STATUS, "PONG"), "a status", NULL);
    reply = say(c, "SET %s %d", "counter", 41);
    holds(is(reply, REDIS_REPLY_STATUS, "OK"), "%s and %d", reply);
    number(c, "INCR counter", 42);
    reply = say(c, "INCRBY %b %lld", "counter", (size_t)7, 1LL << 40);
    holds(reply->type == REDIS_REPLY_INTEGER && reply->integer == (1LL << 40) + 42, "an integer of more than 32 bits", reply);
    holds(is(say(c, "SET %s %s", "empty", ""), REDIS_REPLY_STATUS, "OK"), "an empty argument", NULL);
    reply = say(c, "GET empty");
    holds(is(reply, REDIS_REPLY_STRING, ""), "an empty string", reply);
    reply = say(c, "GET none");
    holds(reply->type == REDIS_REPLY_NIL, "nil", reply);

    reply = redisCommandArgv(c, 3, words, lengths);
    holds(is(reply, REDIS_REPLY_STATUS, "OK"), "redisCommandArgv", reply);
    freeReplyObject(reply);
    reply = say(c, "GET %b", words[1], lengths[1]);
    holds(reply->len == 5 && memcmp(reply->str, words[2], 5) == 0, "binary keys and values", reply);

    error(c, "NOSUCH a b", "ERR unknown command 'NOSUCH'");
    error(c, "LPUSH counter x", "WRONGTYPE");
    error(c, "GET", "wrong number of arguments for 'get' command");
    number(c, "RPUSH list a b c", 3);
    reply = say(c, "LRANGE list 0 -1");
    holds(reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 && is(reply->element[2], REDIS_REPLY_STRING, "c"), "an array", reply);
    reply = say(c, "LRANGE none 0 -1");
    holds(reply->type == REDIS_REPLY_ARRAY && reply->elements == 0, "an empty array", reply);
    reply = say(c, "MGET counter none");
    holds(reply->elements == 2 && reply->element[1]->type == REDIS_REPLY_NIL, "nil in an array", reply);
    reply = say(c, "EVAL %s 1 list a", "return {1, {'two', {KEYS[1]}}, redis.call('llen', KEYS[1]), redis.status_reply('fine'), {}}");
    holds(reply->elements == 5 && is(reply->element[1]->element[1]->element[0], REDIS_REPLY_STRING, "list") && reply->element[2]->integer == 3 &&
        is(reply->element[3], REDIS_REPLY_STATUS, "fine") && reply->element[4]->elements == 0, "arrays in arrays", reply);

    status(c, "MULTI");
    holds(is(say(c, "INCR list"), REDIS_REPLY_STATUS, "QUEUED"), "queued", NULL);
    holds(is(say(c, "XADD stream 1-1 f v"), REDIS_REPLY_STATUS, "QUEUED"), "queued", NULL);
    reply = say(c, "EXEC");
    holds(reply->elements == 2 && reply->element[0]->type == REDIS_REPLY_ERROR && is(reply->element[1], REDIS_REPLY_STRING, "1-1"), "an error within a transaction", reply);
    reply = say(c, "XRANGE stream - +");
    holds(is(reply->element[0]->element[1]->element[1], REDIS_REPLY_STRING, "v"), "entries of a stream", reply);
}

static void pipelines(redisContext *c)
{
    redisReply *reply;
    void *got;
    for (int i = 0; i < PIPELINED; i++)
    {
        redisAppendCommand(c, "SET p:%d %d", i, i);
        redisAppendCommand(c, i % 100 == 0 ? "INCR list" : "GET p:%d", i);
    }

    for (int i = 0; i < PIPELINED; i++)
    {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        holds(redisGetReply(c, &got) == REDIS_OK && is(got, REDIS_REPLY_STATUS, "OK"), "a pipelined SET", got);
        freeReplyObject(got);
        holds(redisGetReply(c, &got) == REDIS_OK, "a pipelined reply", NULL);
        reply = got;
        holds(i % 100 == 0 ? reply->type == REDIS_REPLY_ERROR : is(reply, REDIS_REPLY_STRING, text), "pipelined replies come in order", reply);
        freeReplyObject(reply);
    }

    /* A request that arrives in pieces, and two in one piece. */
    const char *pieces[] = { "*2\r\n$3\r\nGE", "T\r\n$3\r", "\np:7\r\n*1\r\n$4\r\nPING\r\nPING\r\n" };
    for (int i = 0; i < 3; i++) holds(write(c->fd, pieces[i], strlen(pieces[i])) == (ssize_t)strlen(pieces[i]), "a piece of a request", NULL);
    const char *expected[] = { "7", "PONG", "PONG" };
    for (int i = 0; i < 3; i++)
    {
        holds(redisGetReply(c, &got) == REDIS_OK && is(got, i == 0 ? REDIS_REPLY_STRING : REDIS_REPLY_STATUS, expected[i]), "requests in pieces", got);
        freeReplyObject(got);
    }
}

static void large(redisContext *c)
{
    char *value = malloc(LARGE_BYTES);
    for (int i = 0; i < LARGE_BYTES; i++) value[i] = (char)(i * 31 + i / 4096);
    redisReply *reply = say(c, "SET large %b", value, (size_t)LARGE_BYTES);
    holds(is(reply, REDIS_REPLY_STATUS, "OK"), "SET of 16 MiB", reply);
    reply = say(c, "GET large");
    holds(reply->len == LARGE_BYTES && memcmp(reply->str, value, LARGE_BYTES) == 0, "GET of 16 MiB", NULL);
    reply = say(c, "GETRANGE large 8388608 8388611");
    holds(reply->len == 4 && memcmp(reply->str, value + 8388608, 4) == 0, "a range of it", reply);
    free(value);

    reply = say(c, "EVAL %s 1 long", "for i = 1, 100000, 1000 do local t = {} for j = i, i + 999 do t[#t + 1] = j end redis.call('rpush', KEYS[1], unpack(t)) end return redis.call('llen', KEYS[1])");
    holds(reply->integer == 100000, "a long list", reply);
    reply = say(c, "LRANGE long 0 -1");
    holds(reply->elements == 100000 && is(reply->element[99999], REDIS_REPLY_STRING, "100000"), "an array of 100,000", reply);
}

static void waits_and_channels(redisContext *c)
{
    redisContext *other = open_context();
    redisReply *reply;
    void *got;

    redisAppendCommand(other, "BLPOP queue 20");
    int done = 0;
    redisBufferWrite(other, &done);
    do reply = say(c, "CLIENT LIST"); while (strstr(reply->str, "cmd=blpop") == NULL);
    number(c, "RPUSH queue v", 1);
    holds(redisGetReply(other, &got) == REDIS_OK && is(((redisReply *)got)->element[1], REDIS_REPLY_STRING, "v"), "a pop that waited", got);
    freeReplyObject(got);
    reply = say(other, "BLPOP queue 0.02");
    holds(reply->type == REDIS_REPLY_NIL, "a pop that ran out of time", reply);

    reply = say(other, "SUBSCRIBE channel");
    holds(is(reply->element[0], REDIS_REPLY_STRING, "subscribe") && reply->element[2]->integer == 1, "SUBSCRIBE", reply);
    number(c, "PUBLISH channel news", 1);
    holds(redisGetReply(other, &got) == REDIS_OK && is(((redisReply *)got)->element[2], REDIS_REPLY_STRING, "news"), "a message", got);
    freeReplyObject(got);
    error(other, "GET counter", "only (P|S)SUBSCRIBE");
    reply = say(other, "UNSUBSCRIBE");
    holds(reply->element[2]->integer == 0, "UNSUBSCRIBE", reply);

    /* What changes is told to another connection, as RESP2 has it. */
    long long id = say(other, "CLIENT ID")->integer;
    reply = say(other, "SUBSCRIBE __redis__:invalidate");
    reply = say(c, "CLIENT TRACKING on REDIRECT %lld", id);
    holds(is(reply, REDIS_REPLY_STATUS, "OK"), "CLIENT TRACKING", reply);
    say(c, "GET counter");
    number(c, "DEL counter", 1);
    holds(redisGetReply(other, &got) == REDIS_OK && is(((redisReply *)got)->element[2]->element[0], REDIS_REPLY_STRING, "counter"), "an invalidation", got);
    freeReplyObject(got);
    status(c, "CLIENT TRACKING off");
    redisFree(other);
}

static void reconnects(redisContext *c)
{
    redisContext *victim = open_context();
    long long id = say(victim, "CLIENT ID")->integer;
    redisReply *reply = say(c, "CLIENT KILL ID %lld", id);
    holds(reply->integer == 1, "CLIENT KILL", reply);
    holds(say(victim, "PING") == NULL && (victim->err == REDIS_ERR_EOF || victim->err == REDIS_ERR_IO), "a connection that was cut", NULL);
    holds(redisReconnect(victim) == REDIS_OK && victim->err == 0, "redisReconnect", NULL);
    holds(is(say(victim, "GET p:7"), REDIS_REPLY_STRING, "7"), "a command after it", NULL);

    holds(redisSetTimeout(victim, (struct timeval){ 0, 20000 }) == REDIS_OK, "a short limit", NULL);
    holds(say(victim, "BLPOP queue 20") == NULL && victim->err == REDIS_ERR_IO, "a reply that comes too late", NULL);
    holds(redisReconnect(victim) == REDIS_OK && redisSetTimeout(victim, (struct timeval){ 30, 0 }) == REDIS_OK, "redisReconnect", NULL);
    holds(is(say(victim, "GET p:8"), REDIS_REPLY_STRING, "8"), "a command after it", NULL);
    holds(is(say(victim, "QUIT"), REDIS_REPLY_STATUS, "OK"), "QUIT", NULL);
    redisFree(victim);
}

/* The smallest of event loops: one connection, poll(2). */
typedef struct
{
    redisAsyncContext *context;
    short wanted;
} Loop;

static void want_read(void *loop) { ((Loop *)loop)->wanted |= POLLIN; }
static void leave_read(void *loop) { ((Loop *)loop)->wanted &= ~POLLIN; }
static void want_write(void *loop) { ((Loop *)loop)->wanted |= POLLOUT; }
static void leave_write(void *loop) { ((Loop *)loop)->wanted &= ~POLLOUT; }
static void leave(void *loop) { ((Loop *)loop)->context = NULL; }

static void run_until(Loop *loop, const int *done, int value, const char *what)
{
    while (*done < value && loop->context != NULL)
    {
        struct pollfd one = { loop->context->c.fd, loop->wanted, 0 };
        if (poll(&one, 1, WAIT_MS_MAX) != 1) fail(what, NULL);
        if (one.revents & (POLLIN | POLLHUP | POLLERR)) redisAsyncHandleRead(loop->context);
        if (loop->context != NULL && one.revents & POLLOUT) redisAsyncHandleWrite(loop->context);
    }

    holds(*done >= value, what, NULL);
}

static int connected, disconnected, disconnect_status, answered, in_order = 1, subscribed, messages, unsubscribed;

static void on_connect(const redisAsyncContext *c, int result) { (void)c; connected = result == REDIS_OK; }
static void on_disconnect(const redisAsyncContext *c, int result) { (void)c; disconnect_status = result; disconnected++; }

static void on_number(redisAsyncContext *c, void *reply, void *expected)
{
    (void)c;
    if (reply == NULL || ((redisReply *)reply)->integer != (long)expected) in_order = 0;
    answered++;
}

static void on_id(redisAsyncContext *c, void *reply, void *id)
{
    (void)c;
    if (reply != NULL) *(int *)id = (int)((redisReply *)reply)->integer;
}

static void on_message(redisAsyncContext *c, void *got, void *data)
{
    redisReply *reply = got;
    (void)c, (void)data;
    if (reply == NULL || reply->elements < 3) return;
    const char *kind = reply->element[0]->str;
    if (strcmp(kind, "subscribe") == 0 || strcmp(kind, "psubscribe") == 0) subscribed++;
    if (strcmp(kind, "message") == 0 && strcmp(reply->element[2]->str, "news") == 0) messages++;
    if (strcmp(kind, "pmessage") == 0 && strcmp(reply->element[3]->str, "news") == 0) messages++;
    if (strcmp(kind, "unsubscribe") == 0 || strcmp(kind, "punsubscribe") == 0) unsubscribed++;
}

static void attach(Loop *loop)
{
    connected = disconnected = 0;
    disconnect_status = REDIS_OK;
    redisAsyncContext *c = redisAsyncConnect(host, port);
    if (c == NULL || c->err) fail("redisAsyncConnect", NULL);
    *loop = (Loop){ c, 0 };
    c->ev.addRead = want_read;
    c->ev.delRead = leave_read;
    c->ev.addWrite = want_write;
    c->ev.delWrite = leave_write;
    c->ev.cleanup = leave;
    c->ev.data = loop;
    redisAsyncSetConnectCallback(c, on_connect);
    redisAsyncSetDisconnectCallback(c, on_disconnect);
    run_until(loop, &connected, 1, "an asynchronous connection");
}

static void asynchronous(redisContext *c)
{
    Loop loop;
    attach(&loop);
    for (long i = 1; i <= PIPELINED; i++) redisAsyncCommand(loop.context, on_number, (void *)i, "INCR async");
    run_until(&loop, &answered, PIPELINED, "asynchronous replies");
    holds(in_order, "asynchronous replies come in order", NULL);

    redisAsyncCommand(loop.context, on_message, NULL, "SUBSCRIBE channel");
    redisAsyncCommand(loop.context, on_message, NULL, "PSUBSCRIBE chan*");
    run_until(&loop, &subscribed, 2, "asynchronous subscriptions");
    number(c, "PUBLISH channel news", 2);
    run_until(&loop, &messages, 2, "asynchronous messages");
    redisAsyncCommand(loop.context, on_message, NULL, "UNSUBSCRIBE");
    redisAsyncCommand(loop.context, on_message, NULL, "PUNSUBSCRIBE");
    run_until(&loop, &unsubscribed, 2, "asynchronous unsubscriptions");
    answered = 0;
    redisAsyncCommand(loop.context, on_number, (void *)(long)(PIPELINED + 1), "INCR async");
    redisAsyncDisconnect(loop.context);
    run_until(&loop, &disconnected, 1, "redisAsyncDisconnect");
    holds(disconnect_status == REDIS_OK && answered == 1 && in_order, "what was on its way is answered first", NULL);

    attach(&loop);
    int id = 0;
    redisAsyncCommand(loop.context, on_id, &id, "CLIENT ID");
    run_until(&loop, &id, 1, "CLIENT ID");
    redisReply *reply = say(c, "CLIENT KILL ID %d", id);
    holds(reply->integer == 1, "CLIENT KILL", reply);
    run_until(&loop, &disconnected, 1, "a server that hangs up");
    holds(disconnect_status == REDIS_ERR, "hanging up is told as an error", NULL);
}

#if HIREDIS_MAJOR >= 1
static int pushed;

static void on_push(void *data, void *got)
{
    redisReply *reply = got;
    (void)data;
    if (reply->type == REDIS_REPLY_PUSH && is(reply->element[0], REDIS_REPLY_STRING, "invalidate") &&
        is(reply->element[1]->element[0], REDIS_REPLY_STRING, "tracked")) pushed++;
    freeReplyObject(reply);
}

static void resp3(redisContext *other)
{
    redisContext *c = open_context();
    redisReply *reply = say(c, "HELLO 3 SETNAME walk");
    holds(reply->type == REDIS_REPLY_MAP && is(reply->element[0], REDIS_REPLY_STRING, "server"), "HELLO 3", reply);
    reply = say(c, "GET none");
    holds(reply->type == REDIS_REPLY_NIL, "null", reply);
    say(c, "DEL h s z");
    number(c, "HSET h f v", 1);
    reply = say(c, "HGETALL h");
    holds(reply->type == REDIS_REPLY_MAP && reply->elements == 2, "a map", reply);
    number(c, "SADD s 1 2", 2);
    reply = say(c, "SMEMBERS s");
    holds(reply->type == REDIS_REPLY_SET && reply->elements == 2, "a set", reply);
    number(c, "ZADD z 1.5 m inf n", 2);
    reply = say(c, "ZSCORE z m");
    holds(reply->type == REDIS_REPLY_DOUBLE && reply->dval == 1.5, "a double", reply);
    reply = say(c, "ZSCORE z n");
    holds(reply->type == REDIS_REPLY_DOUBLE && reply->dval > 1e308, "infinity", reply);
    reply = say(c, "EVAL %s 0", "redis.setresp(3) return {true, false, {double = 0.5}, {big_number = '12345678901234567890123'}, {verbatim_string = {format = 'txt', string = 'text'}}}");
    holds(reply->element[0]->type == REDIS_REPLY_BOOL && reply->element[0]->integer == 1 && reply->element[1]->type == REDIS_REPLY_BOOL &&
        reply->element[2]->dval == 0.5 && is(reply->element[3], REDIS_REPLY_BIGNUM, "12345678901234567890123") && is(reply->element[4], REDIS_REPLY_VERB, "text"),
        "RESP3 of a script", reply);
    reply = say(c, "INFO server");
    holds(reply->type == REDIS_REPLY_VERB && strncmp(reply->vtype, "txt", 3) == 0, "a verbatim string", reply);

    redisSetPushCallback(c, on_push);
    status(c, "CLIENT TRACKING on");
    say(c, "SET tracked 1");
    for (int i = 0; i < 10; i++)
    {
        pushed = 0;
        say(c, "GET tracked");
        reply = say(other, "SET tracked %d", i);
        while (pushed == 0) holds(say(c, "PING") != NULL, "a command while a push is on its way", NULL);
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        reply = say(c, "GET tracked");
        holds(is(reply, REDIS_REPLY_STRING, text), "what is read after the push", reply);
    }

    redisFree(c);
}
#endif

int main(int argc, char **argv)
{
    host = argc > 2 ? argv[1] : "127.0.0.1";
    port = argc > 2 ? atoi(argv[2]) : 6379;
    redisContext *c = open_context();
    status(c, "FLUSHALL");
    replies(c);
    pipelines(c);
    large(c);
    waits_and_channels(c);
    reconnects(c);
    asynchronous(c);
#if HIREDIS_MAJOR >= 1
    resp3(c);
#endif
    status(c, "FLUSHALL");
    redisFree(c);
    printf("hiredis %d.%d.%d: ok %d checks\n", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH, count);
    return 0;
}
