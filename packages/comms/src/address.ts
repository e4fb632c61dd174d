/** Logical names of the run's endpoints, as in the project's seeds; `credits` is the ROUTER that replaces the pair 5562/5563. */
export const ADDRESS_NAMES = [
  'event_bus_proxy_frontend',
  'event_bus_proxy_backend',
  'dataset_manager_proxy_frontend',
  'dataset_manager_proxy_backend',
  'raw_inference_proxy_frontend',
  'raw_inference_proxy_backend',
  'credits',
  'records',
] as const;
export type AddressName = (typeof ADDRESS_NAMES)[number];
