import { keyed, setRequest, type UspAnswer } from '@sluice/wire/usp';
import type { UspController } from './controller.ts';

/**
 * Answers an OnBoardRequest: the agent need not introduce itself again (TR-181
 * Device.LocalAgent.Controller.{i}.OnBoardingComplete). Throws as `request` does.
 */
export function completeOnBoarding(
  controller: UspController,
  agentId: string,
  signal: AbortSignal,
): Promise<UspAnswer> {
  const row = keyed('Device.LocalAgent.Controller.', { EndpointID: controller.endpointId });
  return controller.request(agentId, setRequest([{ path: row, values: { OnBoardingComplete: 'true' } }]), signal);
}
