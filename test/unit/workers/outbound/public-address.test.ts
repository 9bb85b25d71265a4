import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../../workers/outbound/public-address.js';

describe('isPublicAddress', () => {
  it.each([
    ['1.1.1.1', 'a public IPv4 address'],
    ['93.184.216.34', 'a public IPv4 address'],
    ['2606:4700:4700::1111', 'a public IPv6 address'],
    ['::ffff:1.1.1.1', 'a public IPv4 address inside IPv6'],
    ['64:ff9b::101:101', 'a public IPv4 address behind NAT64'],
  ])('accepts %s: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'link-local, the metadata service of clouds'],
    ['100.64.0.1', 'carrier-grade NAT'],
    ['100.127.255.255', 'carrier-grade NAT'],
    ['192.0.0.192', 'reserved, a metadata service'],
    ['192.0.2.1', 'documentation'],
    ['198.18.0.1', 'benchmarking'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['fd00:ec2::254', 'unique-local, a metadata service'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'documentation'],
    ['2002:7f00:1::', '6to4 around loopback'],
    ['2001::1', 'Teredo'],
    ['::ffff:127.0.0.1', 'loopback inside IPv6'],
    ['::ffff:a9fe:a9fe', 'link-local inside IPv6, in hex'],
    ['::ffff:10.1.2.3', 'private inside IPv6'],
    ['::127.0.0.1', 'loopback inside deprecated IPv6'],
    ['64:ff9b::7f00:1', 'loopback behind NAT64'],
    ['64:ff9b:1::7f00:1', 'local NAT64'],
    ['localhost', 'no address'],
    ['', 'no address'],
  ])('refuses %s: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
