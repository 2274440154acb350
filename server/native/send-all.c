// One call of Node's C interface that sends the same bytes to many sockets. Node-API is stable: built once, it loads in every later Node.
#include <node_api.h>
#include <sys/socket.h>

// sendAll(bytes: Uint8Array, sockets: Int32Array): sends the bytes to each descriptor, without waiting, and puts in its place how
// many the kernel took; -1 for none. What is wrong with a socket is not said: Node finds it out when it writes the rest.
static napi_value SendAll(napi_env env, napi_callback_info info) {
  napi_value args[2];
  size_t argc = 2, length, count;
  napi_typedarray_type bytes_type, sockets_type;
  void *bytes, *places;
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok || argc != 2 ||
      napi_get_typedarray_info(env, args[0], &bytes_type, &length, &bytes, NULL, NULL) != napi_ok ||
      napi_get_typedarray_info(env, args[1], &sockets_type, &count, &places, NULL, NULL) != napi_ok ||
      bytes_type != napi_uint8_array || sockets_type != napi_int32_array) {
    napi_throw_type_error(env, NULL, "sendAll takes a Uint8Array and an Int32Array");
    return NULL;
  }
  int *sockets = places;
  for (size_t i = 0; i < count; i++) sockets[i] = (int)send(sockets[i], bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "sendAll", NAPI_AUTO_LENGTH, SendAll, NULL, &function) != napi_ok ||
      napi_set_named_property(env, exports, "sendAll", function) != napi_ok)
    return NULL;
  return exports;
}
