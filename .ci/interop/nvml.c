/* A management library of no device, for a sampler to be tried on: two devices, of which
 * the second tells no energy. The file $NVML_STATE says what its driver does: "off" is not
 * loaded; anything else is loaded, and a change between two words is a reload, after which
 * every handle is stale until the library is initialised again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9 };

static char loaded[64];

static void state(char *word) {
    FILE *file = fopen(getenv("NVML_STATE"), "r");
    word[0] = 0;
    if (file) {
        if (fscanf(file, "%63s", word) != 1) word[0] = 0;
        fclose(file);
    }
}

/* Whether what was initialised still stands. */
static int stands(void) {
    char now[64];
    state(now);
    return loaded[0] && strcmp(now, loaded) == 0 ? SUCCESS : UNINITIALIZED;
}

int nvmlInit_v2(void) {
    char now[64];
    state(now);
    if (strcmp(now, "off") == 0) return DRIVER_NOT_LOADED;
    strcpy(loaded, now);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned flags) { (void)flags; return nvmlInit_v2(); }
int nvmlShutdown(void) { loaded[0] = 0; return SUCCESS; }
const char *nvmlErrorString(int code) { (void)code; return "an error"; }

int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return stands(); }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (index > 1) return INVALID;
    *device = (void *)(long)(index + 1);
    return stands();
}

static int text(char *to, unsigned length, const char *what, void *device) {
    snprintf(to, length, "%s%ld", what, (long)device);
    return stands();
}

int nvmlDeviceGetUUID(void *device, char *to, unsigned length) { return text(to, length, "GPU-", device); }
int nvmlDeviceGetName(void *device, char *to, unsigned length) { return text(to, length, "Test, device ", device); }
int nvmlDeviceGetSerial(void *device, char *to, unsigned length) {
    if ((long)device == 2) return NOT_SUPPORTED;
    return text(to, length, "132000", device);
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *power) { *power = 100000 * (long)device; return stands(); }

/* 100 W since the driver was loaded: what it shows begins anew with every word. */
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *energy) {
    if ((long)device == 2) return NOT_SUPPORTED;
    *energy = (unsigned long long)(time(NULL) % 100000) * 100000 / (1 + strlen(loaded));
    return stands();
}

struct rates { unsigned gpu, memory; };
int nvmlDeviceGetUtilizationRates(void *device, struct rates *rates) {
    rates->gpu = 40 * (long)device;
    rates->memory = 0;
    return stands();
}
