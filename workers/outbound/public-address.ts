import ipaddr from 'ipaddr.js';

/**
 * Says whether an IP address belongs to the public internet. Pure.
 *
 * Only global unicast passes: loopback, private, link-local (where clouds keep their metadata service), carrier-grade
 * NAT, unique-local, multicast, documentation and tunnel ranges do not. An IPv4 address inside an IPv6 one is judged by
 * the IPv4 address, because that is where the packets go.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.range() === 'unicast';
  const nat64 = embeddedByNat64(parsed as ipaddr.IPv6);
  return nat64 ? nat64.range() === 'unicast' : parsed.range() === 'unicast';
}

/** On networks without IPv4, every public IPv4 host is reached through the well-known prefix 64:ff9b::/96. */
function embeddedByNat64(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  if (!address.match(ipaddr.IPv6.parseCIDR('64:ff9b::/96'))) return undefined;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}
