"""Users are names that know groups."""

import json

from pyramid_uws.uws.users import User


def test_a_user_is_a_name_to_whoever_wants_no_more():
    user = User("alice", ["m13"])

    assert user == "alice"
    assert user in {"alice", "bob"}
    assert f"{user}" == "alice"
    assert json.dumps({"user": user}) == '{"user": "alice"}'


def test_a_user_has_groups_none_unless_told():
    assert User("alice", ("m13", "ngc")).groups == {"m13", "ngc"}
    assert User("alice").groups == frozenset()
