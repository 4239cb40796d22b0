// SPDX-License-Identifier: MIT
#define _GNU_SOURCE

#include "counts_step.h"

#include "check.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_TRACE = 77 };

static void
run_child(void (*work)(void *), void *argument)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive a failed test */
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(NO_TRACE);
    raise(SIGSTOP);
    work(argument);
    _exit(0);
}

/* Wait for the child to stop or end; the signal that stopped it, or 0. */
static int
wait_for_stop(stepped *child)
{
    int status;

    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    child->exited = WIFEXITED(status);
    if (child->exited)
        return WEXITSTATUS(status) == NO_TRACE ? -1 : 0;
    assert_true(WIFSTOPPED(status));
    return WSTOPSIG(status);
}

bool
step_fork(stepped *child, void (*work)(void *), void *argument)
{
    child->pid = fork();
    if (child->pid == 0)
        run_child(work, argument);
    assert_true(child->pid > 0);
    return wait_for_stop(child) == SIGSTOP;
}

void
step_once(stepped *child)
{
    assert_int_equal(ptrace(PTRACE_SINGLESTEP, child->pid, NULL, NULL), 0);
    if (wait_for_stop(child) != SIGTRAP)
        assert_true(child->exited);
}

uint64_t
step_address(const stepped *child)
{
    struct user_regs_struct registers;

    assert_int_equal(ptrace(PTRACE_GETREGS, child->pid, NULL, &registers), 0);
    return registers.rip;
}

static void
poke(const stepped *child, uint64_t address, long word)
{
    assert_int_equal(ptrace(PTRACE_POKETEXT, child->pid,
                         (void *)(uintptr_t)address, (void *)word),
        0);
}

/* A breakpoint: one octet, int3, in the child's own copy of the code. */
void
step_until(stepped *child, uint64_t address)
{
    struct user_regs_struct registers;
    long word = ptrace(PTRACE_PEEKTEXT, child->pid, (void *)(uintptr_t)address,
        NULL);

    poke(child, address, (long)(((unsigned long)word & ~0xfful) | 0xccul));
    assert_int_equal(ptrace(PTRACE_CONT, child->pid, NULL, NULL), 0);
    assert_int_equal(wait_for_stop(child), SIGTRAP);
    poke(child, address, word);
    assert_int_equal(ptrace(PTRACE_GETREGS, child->pid, NULL, &registers), 0);
    assert_int_equal(registers.rip, address + 1);
    registers.rip = address;
    assert_int_equal(ptrace(PTRACE_SETREGS, child->pid, NULL, &registers), 0);
}

void
step_kill(stepped *child)
{
    if (child->exited)
        return;
    assert_int_equal(kill(child->pid, SIGKILL), 0);
    assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
    child->exited = true;
}
