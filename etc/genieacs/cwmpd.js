// A provision of GenieACS for boxes with cwmpd: what is to be known of the box and of its Z-Wave home,
// and how old that may be. It runs in each session; what is younger than said here is not asked for,
// and each box has a time of the hour and of the day of its own. README.md tells how to load it.

const hourly = Date.now(3600 * 1000);
const daily = Date.now(24 * 3600 * 1000);

// The box.
declare("Device.DeviceInfo.*", {path: daily, value: daily});
declare("Device.DeviceInfo.UpTime", {value: hourly});
declare("Device.DeviceInfo.MemoryStatus.*", {path: daily, value: hourly});
declare("Device.DeviceInfo.ProcessStatus.CPUUsage", {value: hourly});
declare("Device.IP.Interface.*.*", {path: daily, value: daily});
declare("Device.IP.Interface.*.IPv4Address.*.IPAddress", {path: daily, value: hourly});
declare("Device.Ethernet.Interface.*.*", {path: daily, value: daily});
declare("Device.Time.*", {path: daily, value: daily});
declare("Device.ManagementServer.X_CWMPD_LastFailure", {value: hourly});

// The Z-Wave home. Its names at all levels, so that GenieACS asks for them by one RPC: one for each of
// 232 nodes would be more than the 255 that it allows itself in a session.
for (const path of [
  "Device.Zwave.*",
  "Device.Zwave.*.*",
  "Device.Zwave.*.*.*",
  "Device.Zwave.*.*.*.*",
  "Device.Zwave.*.*.*.*.*",
])
  declare(path, {path: daily});
declare("Device.Zwave.InterfaceNumberOfEntries", {value: hourly});
declare("Device.Zwave.Network.*", {value: daily});

// Of each node what one wants to see in a list, since GenieACS reads 32 values with each RPC. The rest
// comes when somebody opens the page of the box and refreshes it.
for (const path of [
  "Device.Zwave.Interface.*.NodeID",
  "Device.Zwave.Interface.*.Name",
  "Device.Zwave.Interface.*.Manufacturer",
  "Device.Zwave.Interface.*.ModelName",
  "Device.Zwave.Interface.*.RoomID",
  "Device.Zwave.Interface.*.Configured",
  "Device.Zwave.Interface.*.WakeUpInterval",
])
  declare(path, {value: daily});

// How the home fares comes by itself: with passive notification (1) a changed value is in the next
// Inform. With 2, active, the box calls at once.
for (const path of [
  "Device.Zwave.Network.StatusText",
  "Device.Zwave.Interface.*.BatteryLevel",
  "Device.Zwave.Interface.*.CommFailure",
])
  declare(path, {value: daily, notification: daily}, {notification: 1});
