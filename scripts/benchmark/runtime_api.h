#pragma once
#include <stddef.h>

// Lambda's Runtime API on blocking sockets, for one program at a time.

struct request {
    char bytes[1 << 20];
    size_t length;  // of what is there
    char *body;
};

// Writes ip:port, as AWS_LAMBDA_RUNTIME_API has it.
void listen_on_loopback(char *address, size_t size);

// Reads the program's next request, on its open connection or on a new one. Returns 0 when none comes.
int receive(struct request *request);

// Answers a request for the next event. Every @@@@@@@@ in it becomes the number.
void send_event(const char *event, int number);

// Answers a response to an event.
void send_accepted(void);

int is_next(const struct request *request);
int is_success(const struct request *request);

// Before the next program.
void hang_up(void);
