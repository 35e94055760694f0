import pytest

from pyramid_uws.uws import phases


def test_every_phase_has_its_moves():
    assert set(phases.MOVES) == set(phases.PHASES)
    assert set().union(*phases.MOVES.values()) <= set(phases.PHASES)


@pytest.mark.spec("U-87")
@pytest.mark.parametrize("phase", sorted(phases.FINAL))
def test_a_final_phase_is_left_for_archived_only(phase):
    assert phases.MOVES[phase] == {phases.ARCHIVED}


@pytest.mark.spec("U-89")
def test_archived_is_never_left():
    assert not phases.MOVES[phases.ARCHIVED]


@pytest.mark.spec("U-78")
def test_suspended_is_left_by_the_server_alone():
    assert phases.SUSPENDED not in phases.RUNNABLE
    assert phases.EXECUTING in phases.MOVES[phases.SUSPENDED]


def test_whatever_is_active_can_be_aborted_and_ends():
    for phase in phases.ACTIVE:
        assert phases.ABORTED in phases.MOVES[phase]
        assert phase in phases.ABORTABLE
