#include "settings.h"
#include "proxy/config.h"
#include "support.h"

#include <netdb.h>

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);

int
__wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    struct addrinfo numeric = {0};
    if (hints != NULL)
        numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    return __real_getaddrinfo(node, service, &numeric, found);
}

void
settings_check_line(const char *text)
{
    CHECK(text[0] != '\0');
    for (const char *at = text; *at != '\0'; at++)
        CHECK((unsigned char)*at >= 0x20 && *at != 0x7f);
}

static void
check_listener(const struct listener_config *listener)
{
    struct address again;
    const char *reason = NULL;
    const char *name = listener->address.name;
    CHECK(listener->policy != NULL);
    settings_check_line(listener->name);
    settings_check_line(name);
    if (strncmp(name, "tcp://", 6) != 0 && strncmp(name, "unix:", 5) != 0)
        return;
    CHECK(address_parse_listen(name, &again, &reason));
    CHECK(address_equals(&again, &listener->address));
}

void
settings_check(const struct config *config)
{
    CHECK(config->listener_count >= 1 && config->listener_count <= CONFIG_LISTENERS_MAX);
    for (size_t i = 0; i < config->listener_count; i++)
        check_listener(&config->listeners[i]);
    settings_check_line(config->engine.name);
    CHECK(config->buffer_low < config->buffer_high && config->max_target_size < config->max_head_size);
    CHECK(config->marks.high == config->buffer_high && config->marks.low == config->buffer_low);
    CHECK(config->max_head_size >= 1024 && config->max_head_size <= 1048576);
    CHECK(config->max_head_fields >= 8 && config->max_head_fields <= 256);
    CHECK(config->max_target_size >= 256 && config->max_body_size >= 1024);
    CHECK(config->head_timeout >= 10 && config->idle_timeout >= 10 && config->connect_timeout >= 10);
    CHECK(config->max_connections >= 1 && config->max_connections <= 1000000);
}
