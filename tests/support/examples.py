"""How many examples Hypothesis tries: few enough for every day, and twenty times as many for the night.

`scripts/test --hypothesis-profile thorough` is for the night.
"""

from typing import Any

from hypothesis import HealthCheck, settings

#: What is usual, and the part of that for every day: examples of other days are others.
USUAL = 100
EVERYDAY = USUAL // 2


def register_profiles() -> None:
    """Make the profiles known, and choose the one for every day; the command line may choose another."""
    calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
    settings.register_profile("everyday", calm, max_examples=EVERYDAY)
    settings.register_profile("thorough", calm, max_examples=10 * USUAL)
    settings.load_profile("everyday")


def examples(number: int, **options: Any) -> settings:
    """Return settings for so many examples where 100 are usual, since each costs more or less than usual."""
    return settings(max_examples=number * settings().max_examples // USUAL, **options)
