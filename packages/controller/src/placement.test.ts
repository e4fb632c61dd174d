import { expect, test } from 'vitest';
import { localPlacement, placedServices } from './placement.ts';

test('timing, workers and record processors have a process each, the managers share the controller’s', () => {
  const placement = localPlacement({ workers: 3, recordProcessors: 2 });
  const typesOf = (services: readonly { readonly serviceType: string }[]): string[] =>
    services.map(({ serviceType }) => serviceType);
  expect(typesOf(placement.local)).toEqual(['dataset_manager', 'worker_manager', 'records_manager']);
  expect(placement.children.map(({ services }) => typesOf(services))).toEqual([
    ['timing_manager'],
    ['worker'],
    ['worker'],
    ['worker'],
    ['record_processor'],
    ['record_processor'],
  ]);
});

test('service ids are the type and eight hex digits, all different', () => {
  const services = placedServices(localPlacement({ workers: 20, recordProcessors: 5 }));
  for (const { serviceId, serviceType } of services) {
    expect(serviceId).toMatch(new RegExp(`^${serviceType}_[0-9a-f]{8}$`, 'u'));
  }
  expect(new Set(services.map(({ serviceId }) => serviceId)).size).toBe(services.length);
});
