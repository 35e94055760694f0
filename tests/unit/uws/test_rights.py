"""Names of those who may do something."""

import pytest
from pyramid.authorization import ACLHelper, Authenticated, Everyone

from pyramid_uws.tree.rights import (
    ADMINS,
    CHANGE,
    CREATE,
    DELETE,
    LIST,
    OVERSEE,
    READ,
    SHARE,
    job_acl,
    service_acl,
)
from pyramid_uws.uws.rights import Rights, read_principals


class Node:
    __parent__ = None

    def __init__(self, acl):
        self.__acl__ = acl


def may(acl, *principals):
    asked = (READ, CHANGE, DELETE, LIST, CREATE, SHARE, OVERSEE)
    return {each for each in asked if ACLHelper().permits(Node(acl), [Everyone, *principals], each)}


class TestReadPrincipals:
    @pytest.mark.parametrize(
        ("text", "principals"),
        [
            ("", None),
            ("nobody", ()),
            ("everybody", (Everyone,)),
            ("users", (Authenticated,)),
            ("alice group:astro\nusers", ("alice", "group:astro", Authenticated)),
        ],
    )
    def test_words_stand_for_what_acls_know(self, text, principals):
        assert read_principals(text) == principals

    @pytest.mark.parametrize("text", ["nobody alice", "system.Everyone", ADMINS])
    def test_what_makes_no_sense_is_refused(self, text):
        with pytest.raises(ValueError, match=r"alone|of our own"):
            read_principals(text)


class TestAcls:
    def test_of_a_service_that_says_nothing_everybody_may_everything_but_see_the_jobs_of_others(self):
        assert may(service_acl(Rights())) == {READ, CHANGE, DELETE, LIST, CREATE, SHARE}

    def test_admins_may_everything_everywhere(self):
        closed = Rights(may_see=(), may_list=(), may_create=())

        assert len(may(service_acl(closed), ADMINS)) == len(may(job_acl("alice", closed), ADMINS)) == 7

    def test_each_right_is_for_those_it_names(self):
        acl = service_acl(Rights(may_see=("a",), may_list=("b",), may_create=("c",), may_read=("d",)))

        assert [may(acl, name) for name in "abcde"] == [{READ}, {LIST}, {CREATE, CHANGE}, {OVERSEE}, set()]

    def test_a_job_is_its_owners_and_partly_that_of_those_who_are_named(self):
        acl = job_acl("alice", Rights(may_read=("a",), may_change=("b",), may_delete=("c",)))

        assert len(may(acl, "alice")) == 7
        assert [may(acl, name) for name in "abcd"] == [{READ}, {CHANGE}, {DELETE}, set()]
        assert may(acl, Authenticated) == may(acl) == set()
