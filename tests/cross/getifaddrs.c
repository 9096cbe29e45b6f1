/* getifaddrs never returns in a big-endian program under qemu's user mode (7.2 to 10 at least), and
 * with it whoever asks for addresses that way: neither sessions nor signals have their turn. Poll,
 * signalfd and eventfd are innocent. qemu turns the attributes of netlink into the guest's order of
 * bytes while more than the four bytes of a header are left (host_to_target_for_each_rtattr), so that
 * an empty one at the end, as kernels since 6.2 make for each device, stays as it is: 4 is 1024 then.
 * musl steps over it, behind the end of the list, and does not notice, since it compares the distance
 * without a sign. Little-endian programs, and boxes, are not concerned. */
#include <ifaddrs.h>
#include <stdio.h>

int main(void) {
  struct ifaddrs *all;
  int failed = getifaddrs(&all);
  puts(failed ? "refused" : "returned");
  return failed;
}
