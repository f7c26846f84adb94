/* Runs a signature of a model on the APK's own library, step after step: run_steps MODEL STEPS INPUT OUTPUT XNNPACK.

   INPUT holds the model's input of every step, raw, and OUTPUT gets its output of every step. States, tensors of the same
   name on both sides, are carried. Compiled for arm64 and run under qemu: it shows that results are right, not how fast. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The headers in the archive of the library include others that are not in it, so what is used is declared here. */
typedef struct TfLiteModel TfLiteModel;
typedef struct TfLiteInterpreter TfLiteInterpreter;
typedef struct TfLiteInterpreterOptions TfLiteInterpreterOptions;
typedef struct TfLiteSignatureRunner TfLiteSignatureRunner;
typedef struct TfLiteTensor TfLiteTensor;
typedef struct TfLiteDelegate TfLiteDelegate;
typedef struct XNNPackOptions XNNPackOptions;
const char *TfLiteVersion(void);
TfLiteModel *TfLiteModelCreateFromFile(const char *path);
TfLiteInterpreterOptions *TfLiteInterpreterOptionsCreate(void);
void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions *options, int threads);
void TfLiteInterpreterOptionsAddDelegate(TfLiteInterpreterOptions *options, TfLiteDelegate *delegate);
TfLiteDelegate *TfLiteXNNPackDelegateCreate(const XNNPackOptions *options);
TfLiteInterpreter *TfLiteInterpreterCreate(const TfLiteModel *model, const TfLiteInterpreterOptions *options);
TfLiteSignatureRunner *TfLiteInterpreterGetSignatureRunner(const TfLiteInterpreter *interpreter, const char *name);
int TfLiteSignatureRunnerAllocateTensors(TfLiteSignatureRunner *runner);
int TfLiteSignatureRunnerInvoke(TfLiteSignatureRunner *runner);
size_t TfLiteSignatureRunnerGetInputCount(const TfLiteSignatureRunner *runner);
size_t TfLiteSignatureRunnerGetOutputCount(const TfLiteSignatureRunner *runner);
const char *TfLiteSignatureRunnerGetInputName(const TfLiteSignatureRunner *runner, int place);
const char *TfLiteSignatureRunnerGetOutputName(const TfLiteSignatureRunner *runner, int place);
TfLiteTensor *TfLiteSignatureRunnerGetInputTensor(TfLiteSignatureRunner *runner, const char *name);
const TfLiteTensor *TfLiteSignatureRunnerGetOutputTensor(const TfLiteSignatureRunner *runner, const char *name);
void *TfLiteTensorData(const TfLiteTensor *tensor);
size_t TfLiteTensorByteSize(const TfLiteTensor *tensor);

/* Code for Android expects slots of its own next to the thread pointer; this keeps everything else away from them. */
__thread char android_slots[512] __attribute__((aligned(16)));

enum { OK = 0, MOST_STATES = 64 };

static void fail(const char *what) {
    fprintf(stderr, "run_steps: %s\n", what);
    exit(1);
}

static const char *input_name(TfLiteSignatureRunner *runner, const char *wanted) {
    for (size_t i = 0; i < TfLiteSignatureRunnerGetInputCount(runner); i++) {
        const char *name = TfLiteSignatureRunnerGetInputName(runner, i);
        if (strcmp(name, wanted) == 0) return name;
    }
    return NULL;
}

static TfLiteSignatureRunner *open_model(const char *path, int with_xnnpack) {
    TfLiteModel *model = TfLiteModelCreateFromFile(path);
    if (model == NULL) fail("the model cannot be read");
    TfLiteInterpreterOptions *options = TfLiteInterpreterOptionsCreate();
    TfLiteInterpreterOptionsSetNumThreads(options, 1);
    if (with_xnnpack) TfLiteInterpreterOptionsAddDelegate(options, TfLiteXNNPackDelegateCreate(NULL));
    TfLiteInterpreter *interpreter = TfLiteInterpreterCreate(model, options);
    if (interpreter == NULL) fail("the interpreter cannot be made");
    TfLiteSignatureRunner *runner = TfLiteInterpreterGetSignatureRunner(interpreter, "step");
    if (runner == NULL) fail("the model has no signature step");
    if (TfLiteSignatureRunnerAllocateTensors(runner) != OK) fail("tensors cannot be allocated");
    return runner;
}

int main(int count, char **arguments) {
    if (count != 6) fail("expected MODEL STEPS INPUT OUTPUT XNNPACK");
    android_slots[0] = 0;
    TfLiteSignatureRunner *runner = open_model(arguments[1], atoi(arguments[5]));
    TfLiteTensor *input = NULL;
    const TfLiteTensor *output = NULL;
    TfLiteTensor *state_in[MOST_STATES];
    const TfLiteTensor *state_out[MOST_STATES];
    int states = 0;
    for (size_t i = 0; i < TfLiteSignatureRunnerGetOutputCount(runner); i++) {
        const char *name = TfLiteSignatureRunnerGetOutputName(runner, i);
        const TfLiteTensor *tensor = TfLiteSignatureRunnerGetOutputTensor(runner, name);
        const char *same = input_name(runner, name);
        if (same == NULL) {
            output = tensor;
            continue;
        }
        if (states == MOST_STATES) fail("too many states");
        state_in[states] = TfLiteSignatureRunnerGetInputTensor(runner, same);
        state_out[states++] = tensor;
    }
    for (size_t i = 0; i < TfLiteSignatureRunnerGetInputCount(runner); i++) {
        TfLiteTensor *tensor = TfLiteSignatureRunnerGetInputTensor(runner, TfLiteSignatureRunnerGetInputName(runner, i));
        int is_state = 0;
        for (int s = 0; s < states; s++) is_state |= state_in[s] == tensor;
        if (is_state) memset(TfLiteTensorData(tensor), 0, TfLiteTensorByteSize(tensor));
        else input = tensor;
    }
    if (input == NULL || output == NULL) fail("the signature has no input or no output");
    FILE *from = fopen(arguments[3], "rb"), *to = fopen(arguments[4], "wb");
    if (from == NULL || to == NULL) fail("input or output cannot be opened");
    for (int step = 0; step < atoi(arguments[2]); step++) {
        if (fread(TfLiteTensorData(input), TfLiteTensorByteSize(input), 1, from) != 1) fail("the input is too short");
        if (TfLiteSignatureRunnerInvoke(runner) != OK) fail("a step failed");
        fwrite(TfLiteTensorData(output), TfLiteTensorByteSize(output), 1, to);
        for (int s = 0; s < states; s++) memcpy(TfLiteTensorData(state_in[s]), TfLiteTensorData(state_out[s]), TfLiteTensorByteSize(state_in[s]));
    }
    printf("%s, %d states\n", TfLiteVersion(), states);
    return fclose(to);
}
