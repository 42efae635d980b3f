"""Work that is killed at one of its steps, as by a power cut."""

import os
import signal


def killed_at(step, work, *calls):
    """Do `work` in a child that kills itself at its `step`-th call of one of `calls`, each an owner and a name; gives
    whether it reached its end before. Work that raises is a failure.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            left = [step]
            for owner, name in calls:
                setattr(owner, name, _mortal(getattr(owner, name), left))
            work()
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status == 0


def _mortal(wrapped, left):
    def run(*args, **options):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return wrapped(*args, **options)

    return run
