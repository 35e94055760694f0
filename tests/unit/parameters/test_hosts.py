"""Which addresses are public, and what a site allows besides."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.parameters.hosts import Fetching, is_public, read_address, read_hosts

ADDRESSES = st.ip_addresses(v=4)
NOT_PUBLIC_4 = ADDRESSES.filter(lambda ip: not ip.is_global or ip.is_multicast or ip.is_reserved)


@pytest.mark.spec("D-39")
class TestIsPublic:
    @pytest.mark.parametrize("text", ["1.1.1.1", "193.0.6.139", "9.9.9.9", "2606:4700::1111", "2a00:1450::1"])
    def test_hosts_of_the_internet_are(self, text):
        assert is_public(ipaddress.ip_address(text))

    @pytest.mark.parametrize(
        "text",
        [
            *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
            *(
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.8",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.0.1",
                "198.18.0.1",
            ),
            *("198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
            *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:1.1.1.1", "::ffff:0:127.0.0.1"),
            *("64:ff9b::7f00:1", "64:ff9b::101:101", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1"),
            *("2002:7f00:1::", "2002:101:101::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1"),
            *("fec0::1", "ff02::1", "ff0e::1"),
        ],
    )
    def test_all_others_are_not(self, text):
        assert not is_public(ipaddress.ip_address(text))

    @given(st.ip_addresses())
    def test_what_python_does_not_call_global_is_never_public(self, ip):
        if not ip.is_global or ip.is_multicast or ip.is_unspecified or ip.is_loopback:
            assert not is_public(ip)

    @given(NOT_PUBLIC_4, st.sampled_from(["::ffff:{}", "::{}", "64:ff9b::{}", "::ffff:0:{}"]))
    def test_no_disguise_helps(self, ip, disguise):
        assert not is_public(ip)
        assert not is_public(ipaddress.ip_address(disguise.format(ip)))

    @given(ADDRESSES)
    def test_nor_does_a_tunnel(self, ip):
        assert not is_public(ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80)))


class TestFetching:
    @pytest.mark.spec("D-39")
    @pytest.mark.parametrize(
        ("hosts", "host", "address"),
        [
            ("10.0.0.0/8", "anything", "10.1.2.3"),
            ("127.0.0.1", "localhost", "127.0.0.1"),
            ("fd00::/8", "x", "fd12::1"),
            ("x.y files.intern", "FILES.intern.", "192.168.1.1"),
            ("", "x", "1.1.1.1"),
        ],
    )
    def test_what_is_allowed_or_public_is_permitted(self, hosts, host, address):
        assert Fetching(hosts=read_hosts(hosts)).permits(host, address)

    @pytest.mark.spec("D-39")
    @pytest.mark.parametrize(
        ("hosts", "host", "address"),
        [
            ("10.0.0.0/8", "x", "11.0.0.1%eth0"),
            ("10.0.0.0/8", "x", "127.0.0.1"),
            ("127.0.0.1", "x", "127.0.0.2"),
            ("127.0.0.0/8", "x", "::ffff:127.0.0.1"),
            ("127.0.0.0/8", "x", "::1"),
            ("files.intern", "other.intern", "192.168.1.1"),
            ("files.intern", "x.files.intern", "192.168.1.1"),
            ("", "x", "fe80::1%eth0"),
            ("", "x", "nonsense"),
        ],
    )
    def test_nothing_else_is(self, hosts, host, address):
        assert not Fetching(hosts=read_hosts(hosts)).permits(host, address)

    @pytest.mark.parametrize(
        ("host", "refused"), [("127.0.0.1", True), ("::1", True), ("1.1.1.1", False), ("x.y", False)]
    )
    def test_what_is_written_as_an_address_can_be_refused_at_once(self, host, refused):
        assert Fetching().refuses(host) == refused

    @given(st.text())
    def test_no_text_is_taken_for_a_public_address_by_mistake(self, text):
        assert Fetching().permits("x", text) == (read_address(text) is not None and is_public(read_address(text)))


class TestReadHosts:
    def test_names_addresses_and_networks_are_read(self):
        assert read_hosts(" 10.0.0.0/8  Files.Intern\n::1 ") == ("10.0.0.0/8", "files.intern", "::1")

    @pytest.mark.parametrize("text", ["10.0.0.1/8", "http://x", "a b/c", "*.intern", "x:80"])
    def test_others_are_refused_by_name(self, text):
        with pytest.raises(ValueError, match="expected names, addresses and networks"):
            read_hosts(text)
